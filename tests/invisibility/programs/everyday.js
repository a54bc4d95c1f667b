// What Node programs do every day; each part prints what it saw.
const fs = require('fs'), os = require('os'), path = require('path'), net = require('net'), http = require('http');
const dgram = require('dgram'), dns = require('dns').promises, child = require('child_process'), once = require('events').once;
const worker = require('worker_threads');
const show = (...what) => console.log(...what);
const code = async (f) => { try { await f(); return 'fine'; } catch (e) { return `${e.code} ${e.syscall} ${e.errno}`; } };

const parts = {
  async files() {
    fs.mkdirSync('a/b/c', { recursive: true });
    fs.writeFileSync('a/f', 'text'); fs.appendFileSync('a/f', 'more'); fs.copyFileSync('a/f', 'a/g');
    fs.renameSync('a/g', 'a/h'); fs.truncateSync('a/h', 3); fs.chmodSync('a/h', 0o600); fs.utimesSync('a/h', 5, 6);
    fs.symlinkSync('h', 'a/s'); fs.linkSync('a/h', 'a/l'); fs.accessSync('a/h', fs.constants.W_OK);
    const status = fs.statSync('a/l');
    show(fs.readFileSync('a/f', 'utf8'), status.size, status.nlink, status.mtimeMs, fs.readlinkSync('a/s'), fs.readdirSync('a').join());
    const file = await fs.promises.open('a/p', 'w+'); await file.write('x'.repeat(9)); await file.sync(); await file.close();
    const temporary = fs.mkdtempSync(path.join(os.tmpdir(), 'x')); fs.rmSync(temporary, { recursive: true });
    await Promise.all([...Array(200).keys()].map((i) => fs.promises.writeFile(`a/b/${i}`, `${i}`)));
    show((await fs.promises.readdir('a/b')).length); fs.rmSync('a', { recursive: true }); show(fs.existsSync('a'));
  },
  async streams() {
    const { pipeline } = require('stream/promises'), zlib = require('zlib');
    fs.writeFileSync('big', 'line\n'.repeat(100000));
    await pipeline(fs.createReadStream('big'), zlib.createGzip(), zlib.createGunzip(), fs.createWriteStream('back'));
    show(fs.readFileSync('back').equals(fs.readFileSync('big')));
  },
  async watch() {
    fs.writeFileSync('watched', ''); const watcher = fs.watch('watched');
    setTimeout(() => fs.writeFileSync('watched', 'x'), 100); show((await once(watcher, 'change'))[0]); watcher.close();
  },
  async children() {
    show(child.execSync('echo one; echo two >&2', { stdio: ['ignore', 'pipe', 'ignore'] }).toString());
    show(child.spawnSync('sh', ['-c', 'exit 5']).status, child.spawnSync('/missing').error.code);
    const cat = child.spawn('cat'); cat.stdin.end('through'); show((await once(cat.stdout, 'data'))[0].toString());
    const end = await new Promise((r) => child.exec('kill -9 $$', (e) => r(e.signal))); show(end);
    show(child.spawnSync('/usr/bin/env', [], { env: { A: '1' } }).stdout.toString().split('\n').includes('A=1'));
    const forked = child.fork(__filename, ['forked']); show((await once(forked, 'message'))[0]);
  },
  async forked() { process.send({ from: 'child' }); process.disconnect(); },
  async workers() {
    const all = [...Array(8).keys()].map((i) => new worker.Worker(`require('fs').writeFileSync('w${i}', 'x'); require('worker_threads').parentPort.postMessage(${i})`, { eval: true }));
    const got = await Promise.all(all.map((w) => once(w, 'message'))); show(got.map((m) => m[0]).join());
  },
  async http() {
    const server = http.createServer((q, r) => r.end(`you asked for ${q.url}`)); server.listen(0, '127.0.0.1'); await once(server, 'listening');
    for (const host of ['127.0.0.1', 'localhost']) show(await (await fetch(`http://${host}:${server.address().port}/x`)).text());
    server.closeAllConnections(); server.close();
  },
  async tcp() {
    for (const host of ['127.0.0.1', '::1']) {
      const server = net.createServer((s) => s.pipe(s)); server.listen(0, host); await once(server, 'listening');
      const client = net.connect(server.address().port, host); client.end('echo'); show((await once(client, 'data'))[0].toString()); server.close();
    }
  },
  async unix() {
    const server = net.createServer((s) => s.end('unix')); server.listen('sock'); await once(server, 'listening');
    show((await once(net.connect('sock'), 'data'))[0].toString()); server.close();
  },
  async udp() {
    for (const [kind, host] of [['udp4', '127.0.0.1'], ['udp6', '::1']]) {
      const a = dgram.createSocket(kind), b = dgram.createSocket(kind); a.bind(0, host); await once(a, 'listening');
      b.send('packet', a.address().port, host); show((await once(a, 'message'))[0].toString()); a.close(); b.close();
    }
  },
  async lookups() { show((await dns.lookup('localhost', 4)).address, (await dns.lookup('127.0.0.1')).address, (await dns.lookup('::1')).address); },
  async errors() {
    show(await code(() => fs.readFileSync('missing')), await code(() => fs.writeFileSync('missing/x', '')), await code(() => fs.mkdirSync('/proc/x')));
    show(await code(() => fs.promises.rmdir('/')), await code(() => fs.writeFileSync('/', '')), await code(() => fs.openSync('/dev/full', 'wx')));
    const s = net.connect(1, '127.0.0.1'); show(await new Promise((r) => s.on('error', (e) => r(e.code))));
  },
  async environment() {
    process.env.A = '1'; delete process.env.HOME; show(child.execSync('echo $A ${HOME-none}').toString(), process.env.HOME, os.homedir().length > 0);
  },
};
parts[process.argv[2]]().catch((e) => { console.error(e); process.exit(1); });
