//! The statements and the schema belong together.

use std::collections::BTreeSet;
use std::fs;

use frontdesk::database::migrate::{self, SchemaError};
use frontdesk::store::sealed::SealedColumn;
use futures_util::future::join_all;
use serde_json::Value;
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection, SqlSafeStr};
use strum::VariantArray as _;

use crate::world::{self, World};

#[tokio::test]
async fn every_described_statement_is_understood_by_the_migrated_schema() {
    let (_guard, options) = world::database().await;
    let mut db = PgConnection::connect_with(&options).await.unwrap();
    let mut statements = 0;
    for entry in fs::read_dir(".sqlx").unwrap().map(Result::unwrap) {
        let description: Value = serde_json::from_slice(&fs::read(entry.path()).unwrap()).unwrap();
        let statement = description["query"].as_str().unwrap();
        let prepared = db.prepare(AssertSqlSafe(statement).into_sql_str()).await;
        assert!(prepared.is_ok(), "{}: {:?}", entry.path().display(), prepared.err());
        statements += 1;
    }
    assert!(statements > 30, "{statements} statements");
}

/// A plan is made once, perhaps on the first evening with nothing in the tables, and has to be good at nine o'clock.
#[tokio::test]
async fn what_answers_a_conference_server_finds_every_row_by_its_key() {
    let world = World::new().await;
    world.server("one").await;
    // Nights leave closed conferences, of which the planner concludes that hardly any are open.
    sqlx::query(
        "INSERT INTO conferences (tenant_id, id, room, node, server_id, mail_owner, usual, opened_at, ends_at, lobby, closed_at,
                                  close_reason)
         SELECT t.id, gen_random_uuid(), 'room-' || n, 'room-' || n, s.id, '', true, t.created_at, t.created_at + interval '1 h',
                false, t.created_at, 'released'
         FROM tenants t, conference_servers s, generate_series(1, 5000) n",
    )
    .execute(world.db())
    .await
    .unwrap();
    for history in [false, true] {
        if history {
            sqlx::query("ANALYZE conferences").execute(world.db()).await.unwrap();
        }
        let mut db = world.app.desk.pool().acquire().await.unwrap();
        let mut found = 0;
        for entry in fs::read_dir(".sqlx").unwrap().map(Result::unwrap) {
            let description: Value = serde_json::from_slice(&fs::read(entry.path()).unwrap()).unwrap();
            let statement = description["query"].as_str().unwrap();
            if !["AS asker (", "AS ask (", "INSERT INTO conferences"]
                .iter()
                .any(|part| statement.contains(part))
            {
                continue;
            }
            found += 1;
            let parameters = description["describe"]["parameters"]["Left"].as_array().unwrap().len();
            let nulls = vec!["NULL"; parameters].join(", ");
            let name = format!("s{found}{history}");
            db.execute(AssertSqlSafe(format!("PREPARE {name} AS {statement}"))).await.unwrap();
            let plan: Vec<String> =
                sqlx::query_scalar(AssertSqlSafe(format!("EXPLAIN EXECUTE {name}({nulls})")))
                    .persistent(false)
                    .fetch_all(&mut *db)
                    .await
                    .unwrap();
            for (line, next) in plan.iter().zip(plan.iter().skip(1)) {
                let whole = line.contains("Scan using") && !next.contains("Index Cond");
                assert!(!whole && !line.contains("Seq Scan"), "{line}:\n{}", plan.join("\n"));
            }
        }
        assert_eq!(found, 3);
    }
}

/// What is sealed and not declared stays under its master key for ever, and is lost when that is taken out.
#[tokio::test]
async fn columns_of_bytes_are_declared_as_sealed_unless_they_are_hashes() {
    let (_guard, options) = world::database().await;
    let mut db = PgConnection::connect_with(&options).await.unwrap();
    let columns: Vec<(String, String)> = sqlx::query_as(
        "SELECT table_name, column_name FROM information_schema.columns
         WHERE table_schema = 'public' AND table_name <> '_sqlx_migrations' AND data_type = 'bytea'
           AND column_name NOT IN ('hash', 'key_hash', 'kid_hash', 'request_hash', 'fingerprint', 'network', 'logo')",
    )
    .fetch_all(&mut db)
    .await
    .unwrap();
    let found: BTreeSet<_> =
        columns.iter().map(|(table, column)| [table.as_str(), column.as_str()]).collect();
    assert_eq!(found, SealedColumn::VARIANTS.iter().map(|column| column.place()).collect());
}

#[tokio::test]
async fn a_database_from_the_future_is_refused() {
    let (_guard, options) = world::database().await;
    let mut db = PgConnection::connect_with(&options).await.unwrap();
    let future = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
                  VALUES (9999, 'from the future', true, '', 0)";
    sqlx::query(future).execute(&mut db).await.unwrap();
    for refused in [migrate::run(&mut db).await.map(|_| ()), migrate::check(&mut db).await] {
        let error = refused.unwrap_err();
        assert!(matches!(error, SchemaError::Newer { database: 9999, .. }), "{error:?}");
        assert!(error.to_string().contains("newer than this program"), "{error}");
    }
}

#[tokio::test]
async fn replicas_that_start_at_once_on_an_empty_database_migrate_it_once() {
    let options = world::empty_database().await;
    let replicas = (0..8).map(async |_| {
        let mut db = PgConnection::connect_with(&options).await.unwrap();
        migrate::run(&mut db).await.unwrap();
        migrate::check(&mut db).await.unwrap();
        db
    });
    let mut replicas = join_all(replicas).await;
    let twice: i64 = sqlx::query_scalar("SELECT count(*) - count(DISTINCT version) FROM _sqlx_migrations")
        .fetch_one(&mut replicas[0])
        .await
        .unwrap();
    assert_eq!(twice, 0);
    for replica in &mut replicas {
        assert_eq!(migrate::run(replica).await.unwrap(), 0);
    }
}
