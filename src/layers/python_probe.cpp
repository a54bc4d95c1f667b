#include "layers/python_probe.h"

namespace hfoffline::layers {

// Nothing but built-in modules is imported: an import from a file might be the shadowed one.
// sys.modules is taken first, as start-up left it. Any CPython 3 from 3.6 on runs this.
const char* const kPythonProbe = R"PY(
import sys, posix
start = dict(sys.modules)
out = []
def put(*fields):
    for field in fields:
        if not isinstance(field, bytes):
            field = str(field).encode(sys.getfilesystemencoding(), 'surrogateescape')
        out.append(field)
def text(field):
    return field.decode(sys.getfilesystemencoding(), 'surrogateescape')
def places(spec):
    found = spec.submodule_search_locations
    return None if found is None else list(getattr(found, '_path', found))
def where(spec):
    if spec is None:
        return ''
    if spec.origin in (None, 'namespace'):
        found = places(spec)
        return 'namespace:' + found[0] if found else '?'
    return spec.origin
def of_module(module):
    spec = getattr(module, '__spec__', None)
    found = where(spec) if spec is not None else ''
    return found if found not in ('', '?') else getattr(module, '__file__', None) or '?'
def find(name, path):
    for finder in sys.meta_path:
        ask = getattr(finder, 'find_spec', None)
        spec = ask(name, path, None) if ask is not None else None
        if spec is not None:
            return spec
def resolve(name, preloaded):
    if preloaded and name in start:
        return of_module(start[name])
    full, path, spec, made = '', None, None, []
    try:
        for part in name.split('.'):
            if full and full not in sys.modules:
                # The parent of a namespace package is looked up, though not imported here.
                sys.modules[full] = type(sys)(full)
                sys.modules[full].__path__ = path
                made.append(full)
            full = full + '.' + part if full else part
            spec = find(full, path)
            if spec is None:
                return ''
            path = places(spec)
            if path is None and full != name:
                return ''
    except Exception as error:
        return '?' + repr(error)
    finally:
        for full in made:
            sys.modules.pop(full, None)
    return where(spec)
def facts():
    put('version', '%d.%d.%d' % sys.version_info[:3], 'implementation', sys.implementation.name)
    put('executable', sys.executable, 'prefix', sys.prefix, 'base_prefix', sys.base_prefix)
    put('base_exec_prefix', sys.base_exec_prefix, 'platlibdir', getattr(sys, 'platlibdir', 'lib'))
    put('stdlib', getattr(sys, '_stdlib_dir', None) or '')
    put('ignore_environment', sys.flags.ignore_environment)
    import _imp
    for suffix in _imp.extension_suffixes():
        put('suffix', suffix)
    for name in sys.builtin_module_names:
        put('builtin', name)
    for entry in sys.path:
        put('path', entry)
    site = start.get('site')
    try:
        for entry in site.getsitepackages():
            put('site', entry)
    except Exception:
        pass
    try:
        if site.ENABLE_USER_SITE:
            put('user', site.getusersitepackages())
    except Exception:
        pass
    for name, module in start.items():
        put('module', name, 'origin', of_module(module))
def distribution(name, library):
    # What importlib.metadata needs comes from the standard library, even if a layer shadows it.
    path = sys.path[:]
    sys.path[:] = library
    try:
        import importlib.metadata
        sys.path[:] = path
        found = importlib.metadata.distribution(name)
        return str(found.locate_file('')), found.version or ''
    except Exception:
        return '', ''
    finally:
        sys.path[:] = path
def ask(fields):
    path, library, mirrors, at = [], [], {}, 0
    while at < len(fields):
        what = fields[at]
        if what == b'path':
            path.append(text(fields[at + 1]))
            at += 2
        elif what == b'library':
            library.append(text(fields[at + 1]))
            at += 2
        elif what == b'distribution':
            sys.path[:] = path
            put('distribution', fields[at + 1], *distribution(text(fields[at + 1]), library))
            at += 2
        elif what == b'mirror':
            mirrors[fields[at + 1]] = (int(fields[at + 2]), text(fields[at + 3]))
            at += 4
        elif what == b'real':
            sys.path[:] = path
            put('real', fields[at + 2], resolve(text(fields[at + 2]), fields[at + 1] == b'1'))
            at += 3
        else:
            number, name = fields[at + 1], fields[at + 3]
            index, mirror = mirrors[number]
            sys.path[:] = path[:index] + [mirror] + path[index:]
            put('sentinel', number, name, resolve(text(name), fields[at + 2] == b'1'))
            at += 4
data = b''
while True:
    chunk = posix.read(0, 1 << 20)
    if not chunk:
        break
    data += chunk
fields = data.split(b'\0')
if fields[1] == b'facts':
    facts()
else:
    ask(fields[2:])
answer = b'\0'.join([fields[0]] + out + [fields[0]])
while answer:
    answer = answer[posix.write(1, answer):]
posix._exit(0)
)PY";

}  // namespace hfoffline::layers
