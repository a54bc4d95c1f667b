"""What the drivers of the long tiers share: checks that are made one by one, each with its outcome and why."""

import argparse
import collections
import os
import shutil
import subprocess
import sys
import time

import time_budget

SOURCE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

# name; seconds on an idle machine with two cores and nothing in the cache; what must hold, in a sentence;
# function(world), which returns more to say, or raises.
Check = collections.namedtuple("Check", "name seconds what function")


class Skip(Exception):
    """It cannot be tried here; the text says why."""


class Failure(Exception):
    """What must hold does not."""


def need(program, package):
    if shutil.which(program) is None:
        raise Skip("no %s (package %s)" % (program, package))


def install(packages):
    """Through the same door as tools/test. What cannot be installed is skipped later, with its name."""
    subprocess.run(["bash", "-c", '. "$0"/tools/lib/common.sh; install_packages "$@"', SOURCE, *packages], check=False,
                   stdin=subprocess.DEVNULL)


def parse_arguments(name, description, checks, packages=()):
    """--build, --cache, --only, --minutes and --no-install; installs the packages."""
    parser = argparse.ArgumentParser(formatter_class=argparse.RawDescriptionHelpFormatter, description=description)
    parser.add_argument("--build", default=os.path.join(SOURCE, "build"), help="where it was built (default: build)")
    parser.add_argument("--cache", default=os.path.join(SOURCE, ".cache", name), help="what is kept for the next time")
    parser.add_argument("--only", action="append", choices=[check.name for check in checks], help="may be repeated")
    parser.add_argument("--minutes", type=float, help="start only what fits in so many minutes, the shortest first")
    parser.add_argument("--no-install", action="store_true", help="install no packages; checks that lack some are skipped")
    options = parser.parse_args()
    options.build, options.cache = os.path.abspath(options.build), os.path.abspath(options.cache)
    if not os.path.exists(os.path.join(options.build, "src/shim/libhfoffline.so")):
        sys.exit("no shim in %s: build first" % options.build)
    os.makedirs(options.cache, exist_ok=True)
    if packages and not options.no_install:
        install(packages)
    return options


def _outcome(check, world, budget):
    late = budget.refusal(check.seconds)
    if late:
        return "skipped", late
    start = time.monotonic()
    try:
        said = check.function(world)
        outcome = "passed", said or ""
    except Skip as reason:
        return "skipped", str(reason)
    except (Failure, OSError, subprocess.SubprocessError) as reason:
        outcome = "failed", str(reason)
    took = time.monotonic() - start
    budget.took(check.seconds, took)
    return outcome[0], "%s (%.0f s)" % (outcome[1], took) if outcome[1] else "%.0f s" % took


def run(checks, options, world):
    """Makes the checks with `world`, and prints a line for each and the line that tools/test reads. The exit status."""
    counts = {"passed": 0, "failed": 0, "skipped": 0}
    budget = time_budget.Budget(options.minutes)
    for check in budget.ordered(checks, lambda check: check.seconds) if options.minutes is not None else checks:
        if options.only and check.name not in options.only:
            continue
        outcome, said = _outcome(check, world, budget)
        counts[outcome] += 1
        print("%-8s %s: %s" % (outcome, check.name, check.what), flush=True)
        print("\n".join("         " + line for line in said.splitlines()), flush=True)
    print("%(passed)d passed, %(failed)d failed, %(skipped)d skipped" % counts)
    return 1 if counts["failed"] else 0
