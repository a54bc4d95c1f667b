. "$SUITES/steps.sh"
cp "$SUITES/programs/Everyday.java" .
step compile javac -J-Xshare:auto -d classes Everyday.java
for part in files channels sockets datagrams names processes threads errors; do step "$part" java -XX:+UseSerialGC -XX:-UsePerfData -cp classes Everyday "$part"; done
step jar sh -c 'jar --create --date=2020-01-02T00:00:00Z --file all.jar -C classes . && jar tf all.jar | sort'
