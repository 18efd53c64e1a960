-- SPDX-License-Identifier: BSD-3-Clause
-- What bench_programs lets sqlite3 do: fill tables, index them, join and group them, change and delete rows.
create table item(id integer primary key, owner integer, name text, weight real);
with recursive n(i) as (select 1 union all select i + 1 from n where i < 20000)
insert into item select i, i * 7919 % 997, 'item ' || (i * 31337 % 10007), i * 0.37 from n;
create index item_owner on item(owner);
create index item_name on item(name);
create table owner as select distinct owner as id, 'owner ' || owner as name from item;
select count(*), sum(weight) from item join owner on owner.id = item.owner where owner.name like '%7%';
select name, count(*) as c, round(avg(weight), 3) from item group by name order by c desc, name limit 5;
update item set weight = weight * 2 where owner % 3 = 0;
delete from item where id % 5 = 0;
select owner, max(weight) from item group by owner order by 2 desc limit 5;
select count(*) from item a, item b where a.owner = b.owner and a.weight < b.weight;
