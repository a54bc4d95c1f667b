#!/usr/bin/env python3
import case

models = case.models()
PROGRAM = """
import asyncio, errno, http.client, json, multiprocessing, os, pathlib, shutil, socket, subprocess, sys, tempfile, urllib.request
file, models, sibling, url = sys.argv[1:5]

def said(name, function, *arguments, **options):
    try:
        function(*arguments, **options)
        print(name, 'passed')
    except socket.gaierror as error:
        print(name, 'EAI', error.errno == socket.EAI_NONAME)
    except urllib.error.URLError as error:
        print(name, 'URLError')
    except OSError as error:
        print(name, errno.errorcode[error.errno])

print('load', json.load(open(file))['model_type'])
print('mtime', os.stat(file).st_mtime == os.lstat(os.path.realpath(file)).st_mtime)
said('open', open, models + '/new', 'w')
said('append', open, file, 'a')
said('update', open, file, 'r+b')
said('mkdir', os.makedirs, models + '/a/b')
said('unlink', os.unlink, file)
said('rename', os.rename, file, file + '.old')
said('rename-out', os.rename, os.path.dirname(file), sibling + '/stolen')
said('touch', pathlib.Path(file).touch)
said('chmod', os.chmod, file, 0o600)
said('truncate', os.truncate, file, 0)
said('rmtree', shutil.rmtree, models)
said('copy', shutil.copy, file, models + '/copy')
print('access', os.access(file, os.R_OK), os.access(file, os.W_OK))
said('urllib', urllib.request.urlopen, 'https://huggingface.co/')
said('connect', socket.create_connection, ('10.1.2.3', 443))
said('udp', socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto, b'x', ('10.1.2.3', 53))
try:
    socket.gethostbyname_ex('0x7f.1')  # an address for getaddrinfo, and a name for gethostbyname_r
except socket.herror as error:
    print('herror', error.errno)
async def dial():
    await asyncio.open_connection('10.1.2.3', 443)
said('asyncio', asyncio.run, dial())
said('child', subprocess.run, [sys.executable, '-c', "import sys; open(sys.argv[1] + '/new', 'w')", models], check=True, stderr=subprocess.DEVNULL) \\
    if False else print('child', subprocess.run([sys.executable, '-c', "import sys; open(sys.argv[1] + '/new', 'w')", models], stderr=subprocess.DEVNULL).returncode)
# What must pass.
print('loopback', len(urllib.request.urlopen(url + '/').read()) > 0, len(urllib.request.urlopen(url.replace('127.0.0.1', 'localhost') + '/').read()) > 0)
said('sibling', shutil.copy, file, sibling + '/copy')
said('tmp', tempfile.NamedTemporaryFile)
said('scratch', os.makedirs, os.environ['HF_DATASETS_CACHE'] + '/x')
said('devnull', open, '/dev/null', 'w')
a, b = socket.socketpair()
said('unix', a.send, b'x')
with multiprocessing.Pool(2) as pool:
    print('pool', pool.map(abs, [-1, -2]))
"""
EXPECTED = """load bert
mtime True
open EROFS
append EROFS
update EROFS
mkdir EROFS
unlink EROFS
rename EROFS
rename-out EXDEV
touch EROFS
chmod EROFS
truncate EROFS
rmtree EROFS
copy EROFS
access True False
urllib URLError
connect ENETUNREACH
udp ENETUNREACH
herror 1
asyncio ENETUNREACH
child 1
loopback True True
sibling passed
tmp passed
scratch passed
devnull passed
unix passed
pool [1, 2]
"""


def holds():
    sibling = case.tmp / (models.name + "X")
    sibling.mkdir()
    server = case.Server(case.tmp)
    arguments = [case.sample_file(models), models, sibling, server.url]
    result = case.quickly(30, case.run, "--models-dir", models, "--fail-on-refusal", "--", "python3", "-c", PROGRAM, *arguments)
    case.expect_code(result, 3, "the run")
    case.equal(result.out, EXPECTED, f"what Python saw: {result.err}")
    case.check((sibling / "copy").is_file() and not (models / "new").exists(), "files")


case.isolate("net")
case.main(holds)
