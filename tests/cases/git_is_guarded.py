#!/usr/bin/env python3
import shutil

import case

models = case.models()


def holds():
    git = shutil.which("git") or case.skip("git is not installed")
    environment = case.clean_environment(GIT_CONFIG_GLOBAL="/dev/null", GIT_TERMINAL_PROMPT="0", HOME=case.tmp, GIT_AUTHOR_NAME="a",
                                         GIT_AUTHOR_EMAIL="a@example.org", GIT_COMMITTER_NAME="a", GIT_COMMITTER_EMAIL="a@example.org")

    def guarded(*arguments, **options):
        return case.quickly(20, case.run, "--quiet", "--models-dir", models, "--", git, *arguments, env=environment, **options)

    # A repository beside the cache works as ever.
    work = case.tmp / (models.name + "X")
    case.expect_code(guarded("init", "-q", work), 0, "init")
    (work / "a").write_text("a\n")
    case.expect_code(guarded("-C", work, "add", "a"), 0, "add")
    case.expect_code(guarded("-C", work, "commit", "-qm", "first"), 0, "commit")
    case.equal(guarded("-C", work, "status", "--porcelain").out, "", "status")
    case.expect_code(guarded("-C", work, "gc", "-q"), 0, "gc")
    case.expect_code(guarded("clone", "-q", work, case.tmp / "clone"), 0, "a clone on disk")
    case.expect_code(guarded("-C", work, "worktree", "add", "-q", case.tmp / "tree"), 0, "a second work tree")

    # Into the cache: nothing.
    for arguments in (["init", "-q", models / "new"], ["clone", "-q", work, models / "clone"], ["config", "-f", models / "config", "a.b", "c"],
                      ["-C", work, "worktree", "add", "-q", models / "tree2"]):
        result = guarded(*arguments)
        case.check(result.code not in (0, 125), f"git {arguments[0]} into the cache: {result!r}")
        case.contains(result.err, "Read-only file system", f"git {arguments[0]}")
    case.check(not any((models / n).exists() for n in ("new", "clone", "config", "tree2")), "something was written")

    # The network: nothing, at once. git hands over to helper programs of its own.
    for url in ("https://github.com/a/b", "http://10.1.2.3/a/b", "git://10.1.2.3/a/b", "ssh://git@10.1.2.3/a/b"):
        result = guarded("ls-remote", url)
        case.check(result.code not in (0, 125), f"{url}: {result!r}")
    # Loopback passes.
    case.expect_code(case.command(git, "-C", work, "update-server-info", env=environment), 0, "update-server-info")
    server = case.Server(work / ".git")
    result = case.expect_code(guarded("ls-remote", server.url), 0, "a server on 127.0.0.1")
    case.contains(result.out, "refs/heads/", "what it has")
    case.expect_code(guarded("clone", "-q", server.url, case.tmp / "from-loopback"), 0, "a clone from 127.0.0.1")


case.isolate("net")
case.main(holds)
