//! How PostgreSQL finds what an ask needs in the largest schedule, and how much there is of it: `target/bench/plans.txt`.

use std::fmt::Write as _;
use std::fs;

use serde_json::Value;
use sqlx::{AssertSqlSafe, PgConnection};

use crate::asks::{BOOKED, UNKNOWN};
use crate::cluster::Cluster;
use crate::data::{Desk, room, tenant};
use crate::{Done, report};

/// Words that only the statement has that reads for asks, and the one that makes conferences.
const READS_FOR_ASKS: &str = "WITH ORDINALITY AS ask (";
const CLAIMS: &str = "INSERT INTO conferences";

const SIZES: &str = "\
    SELECT format('%-44s %10s  %s', CASE WHEN c.relkind = 'i' THEN '  ' || c.relname ELSE c.relname END,
                  pg_size_pretty(pg_relation_size(c.oid)), CASE WHEN c.relkind = 'r' THEN c.reltuples::bigint || ' rows' END)
    FROM pg_class c LEFT JOIN pg_index i ON i.indexrelid = c.oid JOIN pg_class t ON t.oid = COALESCE(i.indrelid, c.oid)
    WHERE t.relname IN ('appointments', 'occurrences', 'conferences') AND c.relkind IN ('r', 'i')
    ORDER BY t.relname DESC, c.relkind DESC, c.relname";

pub async fn write(cluster: &Cluster, desk: &Desk) -> Done {
    desk.clear(cluster).await?;
    let mut db = cluster.connect(&desk.database).await?;
    let mut text =
        format!("PostgreSQL {}, {} dates of {} rooms\n\n", cluster.version, desk.dates, desk.rooms);
    for line in sqlx::query_scalar::<_, String>(SIZES).fetch_all(&mut db).await? {
        writeln!(text, "{}", line.trim_end())?;
    }
    // As on the connections of the desk.
    for setting in [
        "plan_cache_mode = force_generic_plan",
        "jit = off",
        "enable_seqscan = off",
        "enable_hashjoin = off",
        "enable_mergejoin = off",
        "enable_material = off",
    ] {
        sqlx::raw_sql(AssertSqlSafe(format!("SET {setting}"))).execute(&mut db).await?;
    }
    let tenants: Vec<String> =
        sqlx::query_scalar("SELECT id::text FROM tenants WHERE name LIKE 'tenant-_' ORDER BY name")
            .fetch_all(&mut db)
            .await?;
    prepare(&mut db, "reading", READS_FOR_ASKS).await?;
    for (what, kind, asks) in [
        ("a room that is booked", BOOKED, 1),
        ("a room that is not", UNKNOWN, 1),
        ("64 rooms at once", BOOKED, 64),
    ] {
        let statement =
            format!("EXPLAIN (ANALYZE, BUFFERS) EXECUTE reading ({})", arguments(&tenants, kind, asks));
        // The first time fills caches.
        explain(&mut db, &statement).await?;
        let plan = explain(&mut db, &statement).await?;
        writeln!(text, "\nThe statement that reads for asks, for {what}:\n\n{plan}")?;
    }
    let parameters = prepare(&mut db, "claiming", CLAIMS).await?;
    let nothing = vec!["'{}'"; parameters].join(", ");
    let plan = explain(&mut db, &format!("EXPLAIN EXECUTE claiming ({nothing})")).await?;
    writeln!(text, "\nThe statement that makes conferences of grants, as it is planned for any:\n\n{plan}")?;
    fs::write(report::folder()?.join("plans.txt"), text)?;
    Ok(())
}

/// The plan, as PostgreSQL tells it.
async fn explain(db: &mut PgConnection, statement: &str) -> Done<String> {
    let statement = AssertSqlSafe(statement.to_owned());
    let lines: Vec<String> = sqlx::query_scalar(statement).persistent(false).fetch_all(db).await?;
    Ok(lines.join("\n"))
}

/// So many asks for rooms of that kind, of tenants with these ids, as the arguments of the statement that reads.
fn arguments(tenants: &[String], kind: &str, asks: u64) -> String {
    let list = |item: &dyn Fn(u64) -> String| (0..asks).map(item).collect::<Vec<_>>().join(", ");
    let id_of = |number| usize::try_from(tenant(number)).ok().and_then(|place| tenants.get(place));
    let no = list(&|_| "false".to_owned());
    format!(
        "ARRAY[{}]::uuid[], ARRAY[{}], ARRAY[{no}], ARRAY[{no}], now()",
        list(&|number| id_of(number).map_or("NULL".to_owned(), |id| format!("'{id}'"))),
        list(&|number| format!("'{}'", room(kind, number))),
    )
}

/// Prepares the statement that has these words, as the checked macros know it; how many parameters it has.
async fn prepare(db: &mut PgConnection, name: &str, words: &str) -> Done<usize> {
    for entry in fs::read_dir(".sqlx")? {
        let described: Value = serde_json::from_str(&fs::read_to_string(entry?.path())?)?;
        let Some(statement) = described["query"].as_str().filter(|query| query.contains(words)) else {
            continue;
        };
        sqlx::raw_sql(AssertSqlSafe(format!("PREPARE {name} AS {statement}"))).execute(db).await?;
        return Ok(described["describe"]["parameters"]["Left"].as_array().map_or(0, Vec::len));
    }
    Err(format!("no statement in .sqlx has `{words}`").into())
}
