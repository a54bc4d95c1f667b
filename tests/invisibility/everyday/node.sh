. "$SUITES/steps.sh"
step version node -p 'process.version'
for part in files streams watch children workers http tcp unix udp lookups errors environment; do step "$part" node "$SUITES/programs/everyday.js" "$part"; done
step modules sh -c 'mkdir -p node_modules/m && echo "module.exports = 42" >node_modules/m/index.js && node -p "require(\"m\")"'
step test-runner sh -c 'echo "require(\"assert\").equal(1,1); console.log(process.argv.length)" >t.js && node t.js a b'
