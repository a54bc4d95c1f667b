. "$SUITES/steps.sh"
export GIT_CONFIG_GLOBAL=$WORK/config GIT_CONFIG_NOSYSTEM=1 GIT_TERMINAL_PROMPT=0 GIT_PAGER=cat
export GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@example.org GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@example.org
export GIT_AUTHOR_DATE='2020-01-02T03:04:05Z' GIT_COMMITTER_DATE='2020-01-02T03:04:05Z'
git config --global init.defaultBranch main; git config --global protocol.file.allow always
step init git init repo
fill() { for i in $(seq 50); do seq "$i" >f$i; done; mkdir d; ln -s ../f1 d/link; printf '#!/bin/sh\necho hook ran\n' >.git/hooks/post-commit; chmod +x .git/hooks/post-commit; git add -A; git commit -m first; }
cd repo || exit
step commit fill
step status git status --porcelain=v2 --branch
step diff sh -c 'echo changed >f7; git diff --stat; git stash; git stash pop; git checkout f7'
step branches sh -c 'git checkout -qb side && echo side >side && git add side && git commit -qm side && git checkout -q main && echo main >f3 && git commit -qam main && git merge -m merge side && git log --oneline --graph'
step rebase sh -c 'git checkout -qb topic HEAD~1 && echo t >t && git add t && git commit -qm topic && git rebase main && git log --format=%s | head -3; git checkout -q main'
step fails-conflict sh -c 'git checkout -q side && echo other >f3 && git commit -qam other && git merge main'
step abort sh -c 'git merge --abort && git checkout -q main && git status --short'
step gc sh -c 'git gc -q --prune=now && git fsck --full && git count-objects'
step clone git clone -q . ../clone
step clone-file git clone -q --depth 1 "file://$WORK/repo" ../shallow
step bare-push sh -c 'git clone -q --bare . ../bare.git && git push ../bare.git main:pushed 2>&1 && git -C ../bare.git branch -a'
step fetch sh -c 'git -C ../clone fetch origin 2>&1; git -C ../clone pull -q && git -C ../clone rev-parse HEAD'
step worktree sh -c 'git worktree add -q ../tree side && git -C ../tree log --format=%s -1 && git worktree remove --force ../tree && git worktree prune'
step submodule sh -c 'git submodule --quiet add "$WORK/bare.git" sub && git commit -qm sub && git submodule status | cut -c2-8'
step archive sh -c 'git archive --format=tar HEAD | tar -t | wc -l; git bundle create -q ../all.bundle main && git bundle verify -q ../all.bundle'
step bisect sh -c 'git bisect start HEAD HEAD~2 >/dev/null && git bisect run true | tail -1; git bisect reset 2>/dev/null'
step blame sh -c 'git blame -s f3 && git show --stat --format=%s HEAD~1 && git grep -c 42 | head -2'
daemon() {
  git daemon --reuseaddr --base-path="$WORK" --export-all --listen=127.0.0.1 --port=9419 --pid-file="$RESULTS/daemon" >/dev/null 2>&1 &
  for _ in $(seq 100); do git ls-remote git://127.0.0.1:9419/bare.git 2>/dev/null && break; sleep 0.1; done
  git clone -q git://localhost:9419/bare.git ../from-daemon; kill %1
}
step daemon daemon
step fails-unknown git frobnicate
step fails-clone git clone -q /nowhere ../never
