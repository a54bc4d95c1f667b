. "$SUITES/steps.sh"
step create sqlite3 one.db 'create table t(a integer primary key, b text); with recursive n(i) as (select 1 union all select i+1 from n where i<2000) insert into t select i, hex(i) from n; select count(*), sum(length(b)) from t;'
step wal sqlite3 one.db 'pragma journal_mode=wal; begin; update t set b = b || "x" where a % 3 = 0; commit; select count(*) from t where b like "%x"; pragma wal_checkpoint(truncate);'
step memory-map sqlite3 one.db 'pragma mmap_size=1000000; select sum(a) from t;'
step delete-journal sqlite3 one.db 'pragma journal_mode=delete; delete from t where a > 1000; vacuum; pragma integrity_check;'
step two-writers sh -c 'for i in 1 2 3 4; do sqlite3 -cmd ".timeout 20000" one.db "insert into t(b) select hex(a) from t limit 100;" & done; wait; sqlite3 one.db "select count(*) from t"'
step attach sqlite3 one.db "attach 'two.db' as two; create table two.u as select * from t where a < 50; select count(*) from two.u;"
step backup sqlite3 one.db '.backup copy.db' '.dump t' 
step read-only sqlite3 'file:one.db?mode=ro' 'select count(*) from t;'
step fails-read-only sqlite3 'file:one.db?mode=ro' 'delete from t;'
step locked sh -c 'sqlite3 one.db "begin exclusive; select 1;" ".system sqlite3 one.db \"select count(*) from t\" 2>&1"'
step immutable sh -c 'cp one.db i.db; chmod 444 i.db; sqlite3 "file:i.db?immutable=1" "select max(a) from t"'
