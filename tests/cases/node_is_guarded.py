#!/usr/bin/env python3
import shutil

import case

models = case.models()
PROGRAM = r"""
const fs = require('fs'), net = require('net'), dns = require('dns'), http = require('http'), dgram = require('dgram');
const { execFileSync } = require('child_process');
const { Worker } = require('worker_threads');
const [file, models, sibling, url] = process.argv.slice(1);
function said(name, f) { try { f(); console.log(name, 'passed'); } catch (e) { console.log(name, e.code); } }
async function later(name, f) { try { await f(); console.log(name, 'passed'); } catch (e) { console.log(name, (e.cause || e).code); } }
(async () => {
  console.log('load', JSON.parse(fs.readFileSync(file)).model_type);
  said('write', () => fs.writeFileSync(models + '/new', 'x'));
  said('append', () => fs.appendFileSync(file, 'x'));
  said('unlink', () => fs.unlinkSync(file));
  said('mkdir', () => fs.mkdirSync(models + '/a/b', { recursive: true }));
  said('rename', () => fs.renameSync(file, file + '.old'));
  said('utimes', () => fs.utimesSync(file, 1, 1));
  said('access', () => fs.accessSync(file, fs.constants.W_OK));
  said('rm', () => fs.rmSync(models + '/hub', { recursive: true }));
  await later('promise', () => fs.promises.writeFile(models + '/new', 'x'));
  await later('stream', () => new Promise((ok, no) => fs.createWriteStream(models + '/new').on('error', no).on('open', ok)));
  await later('fetch', () => fetch('https://huggingface.co/'));
  await later('connect', () => new Promise((ok, no) => net.connect(443, '10.1.2.3').on('error', no).on('connect', ok)));
  await later('lookup', () => dns.promises.lookup('huggingface.co'));
  const udp = dgram.createSocket('udp4');
  await later('udp', () => new Promise((ok, no) => udp.send('x', 53, '10.1.2.3', e => e ? no(e) : ok())));
  udp.close();
  await later('worker', () => new Promise((ok, no) => new Worker(`require('fs').writeFileSync(${JSON.stringify(models + '/new')}, 'x')`, { eval: true }).on('error', no).on('exit', ok)));
  said('child', () => execFileSync(process.execPath, ['-e', `require('fs').writeFileSync(${JSON.stringify(models + '/new')}, 'x')`], { stdio: 'pipe', env: {} }));
  // What must pass.
  await later('loopback', async () => { await (await fetch(url + '/')).text(); });
  await later('localhost', async () => { await (await fetch(url.replace('127.0.0.1', 'localhost') + '/')).text(); });
  await later('server', () => new Promise((ok, no) => { const s = http.createServer((q, r) => r.end('x')).listen(0, '127.0.0.1', () => http.get('http://127.0.0.1:' + s.address().port, r => { r.resume(); s.close(); ok(); }).on('error', no)); }));
  said('sibling', () => fs.copyFileSync(file, sibling + '/copy'));
  said('tmp', () => fs.mkdtempSync(require('os').tmpdir() + '/x'));
  console.log(process.env.HF_HUB_OFFLINE, process.env.HF_HOME === models);
})();
"""
# node turns the EROFS of a recursive mkdir into ENOENT itself, on a read-only mount too.
EXPECTED = """load bert
write EROFS
append EROFS
unlink EROFS
mkdir ENOENT
rename EROFS
utimes EROFS
access EROFS
rm EROFS
promise EROFS
stream EROFS
fetch ENOTFOUND
connect ENETUNREACH
lookup ENOTFOUND
udp ENETUNREACH
worker EROFS
child undefined
loopback passed
localhost passed
server passed
sibling passed
tmp passed
1 true
"""


def holds():
    node = shutil.which("node") or case.skip("node is not installed")
    sibling = case.tmp / (models.name + "X")
    sibling.mkdir()
    server = case.Server(case.tmp)
    arguments = [case.sample_file(models), models, sibling, server.url]
    result = case.quickly(60, case.run, "--models-dir", models, "--fail-on-refusal", "--", node, "-e", PROGRAM, *arguments)
    case.equal(result.out, EXPECTED, f"what node saw: {result.err}")
    case.expect_code(result, 3, "the run")
    case.check((sibling / "copy").is_file() and not (models / "new").exists(), "files")


case.isolate("net")
case.main(holds)
