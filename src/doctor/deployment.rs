//! Frontdesk's own state: its database, its keys, who may ask.

use sqlx::PgConnection;

use super::finding::{Check, Findings};
use super::{dialects, tokens};
use crate::app::App;
use crate::clock::Clock;
use crate::config::Config;
use crate::credential::Credential;
use crate::reservation::{Dialect, Moderators, ServerState, Tenant};
use crate::store::health::{self, Facts};
use crate::store::{self, StoreError, servers, tenants, token_settings};
use crate::token::VerifierKind;

/// Connections that are in no setting: two for asks that are settled together, one for the log of refusals, and one for `/readyz`.
const BESIDE: u32 = 4;

/// How far the database's clock may be off, in milliseconds.
const CLOCK: i64 = 1000;

/// The newest major version of PostgreSQL that this version was tried on.
const NEWEST: i32 = 18;

/// Looks at the database, and at who may ask. Says whether the database may be written to.
///
/// # Errors
/// Where the database fails.
pub async fn examine(
    db: &mut PgConnection,
    clock: &Clock,
    config: &Config,
    found: &mut Findings<'_>,
) -> Result<bool, StoreError> {
    let before = clock.now();
    let facts = health::facts(db).await?;
    let ours = before + (clock.now() - before) / 2;
    database(&facts, config, found);
    let ahead = (facts.now - ours).num_milliseconds();
    found.require(
        Check::DatabaseClock,
        ahead.abs() <= CLOCK,
        &format!("its clock is {ahead} ms ahead of this machine's"),
        &format!("its clock is {ahead} ms ahead of this machine's"),
        "let both follow a time server",
    );
    found.ok(Check::Keys, "the master keys are the ones that its passwords are sealed under");
    let tenants = tenants::list(db).await?;
    who_may_ask(&tenants, &servers::list(db).await?, found);
    tokens::examine(db, &tenants, found).await?;
    dialects::examine(db, &tenants, config.public_url.is_some(), found).await?;
    match &config.public_url {
        Some(url) => found.ok(Check::PublicUrl, url.to_string()),
        None => found.skipped(
            Check::PublicUrl,
            "public_url is not set; needed where others than this machine reach Frontdesk, and for join links",
        ),
    }
    Ok(!facts.is_replica && !facts.is_read_only && facts.may_write)
}

fn database(facts: &Facts, config: &Config, found: &mut Findings<'_>) {
    let major = facts.version / 10_000;
    if major > NEWEST {
        found.warn(
            Check::DatabaseVersion,
            format!("PostgreSQL {major} is newer than this Frontdesk was tried on (up to {NEWEST})"),
            "look for a newer Frontdesk",
        );
    } else {
        // Older than 14 is refused before anything else is done.
        found.ok(Check::DatabaseVersion, format!("PostgreSQL {major}"));
    }
    found.require(
        Check::DatabaseRole,
        !facts.is_replica && !facts.is_read_only,
        "the primary, and it may be written to",
        if facts.is_replica { "a replica: it can't be written to" } else { "it is read-only" },
        "let the URL lead to the primary; with several hosts, through HAProxy or the like",
    );
    found.require(
        Check::DatabasePermissions,
        facts.may_write,
        "its user may read and write all tables",
        "its user may not read and write all tables",
        "let the user that Frontdesk connects as own the database",
    );
    if facts.may_write && !facts.owns_tables {
        found.warn(
            Check::DatabasePermissions,
            "its user doesn't own the tables: an upgrade can't change the schema",
            "run `frontdesk migrate` as the owner before each upgrade, and `serve --no-migrate`",
        );
    }
    if facts.unsafe_settings.is_empty() {
        found.ok(Check::DatabaseDurability, "what it confirms survives a crash");
    } else {
        found.warn(
            Check::DatabaseDurability,
            format!(
                "{} off: after a crash of the database, rooms that were opened may be forgotten",
                facts.unsafe_settings.join(", ")
            ),
            "switch them on in postgresql.conf",
        );
    }
    let ours = config.database.desk_connections.get() + config.database.connections.get() + BESIDE;
    let room = facts.max_connections - facts.reserved_connections;
    if i64::from(ours) > i64::from(room) {
        found.error(
            Check::DatabaseConnections,
            format!("one replica may open {ours} connections, the database takes {room}"),
            "raise max_connections, or lower database.desk_connections and database.connections",
        );
    } else {
        found.ok(
            Check::DatabaseConnections,
            format!(
                "one replica opens up to {ours} connections; the database takes {room}, {} are in use",
                facts.connections
            ),
        );
    }
}

fn who_may_ask(tenants: &[Tenant], servers: &[servers::ServerRecord], found: &mut Findings<'_>) {
    if tenants.is_empty() {
        found.error(
            Check::Tenants,
            "there is no tenant: every room is refused",
            "`frontdesk tenant add NAME`",
        );
        return;
    }
    let active: Vec<_> = servers.iter().filter(|server| server.server.state == ServerState::Active).collect();
    if active.is_empty() {
        found.error(
            Check::Tenants,
            "no conference server may ask",
            "`frontdesk server add NAME`, or `frontdesk prosody-config`",
        );
        return;
    }
    found.ok(
        Check::Tenants,
        format!("tenants: {}; conference servers that may ask: {}", tenants.len(), active.len()),
    );
    for server in active {
        let off = tenants
            .iter()
            .find(|tenant| tenant.name == server.default_tenant && tenant.disabled_at.is_some());
        if let Some(tenant) = off {
            found.warn(
                Check::Tenants,
                format!(
                    "the server `{}` asks for the tenant `{}`, which is switched off",
                    server.name, tenant.name
                ),
                format!("`frontdesk tenant set {} --enable`", tenant.name),
            );
        }
    }
}

/// What a Prosody needs for the tenants whose rooms it opens.
#[derive(Debug, Clone, Copy)]
pub struct Needs {
    /// How its moderators come about.
    pub moderators: Moderators,
    /// Whether it meets tokens that are for any audience, as ProCONF's are.
    pub any_audience: bool,
    /// Whether it has private rooms, as Metered's are.
    pub private_rooms: bool,
}

/// Whose credential it is, as the database knows it. Says what its Prosody needs.
///
/// # Errors
/// Where the database fails.
pub async fn identify(
    app: &App,
    credential: &Credential,
    found: &mut Findings<'_>,
) -> Result<Option<Needs>, StoreError> {
    let mut db = app.db.acquire().await?;
    let Some(holder) = servers::by_credential(&mut db, credential.hash()).await? else {
        found.error(
            Check::Credential,
            "this database doesn't know the credential, or it is revoked",
            "`frontdesk server add-credential NAME` makes another",
        );
        return Ok(None);
    };
    match holder.server.state {
        ServerState::Active => found.ok(Check::Credential, format!("it is the server `{}`", holder.name)),
        ServerState::Drained | ServerState::Lost => found.warn(
            Check::Credential,
            format!(
                "the server `{}` is {}: it gets no new rooms",
                holder.name,
                <&str>::from(holder.server.state)
            ),
            format!("`frontdesk server resume {}`", holder.name),
        ),
        ServerState::Revoked => found.error(
            Check::Credential,
            format!("the server `{}` is revoked", holder.name),
            "add it anew under another name: `frontdesk server add NAME`",
        ),
    }
    let Some(tenant) = tenants::by_name(&mut db, &holder.default_tenant).await? else { return Ok(None) };
    let moderators = tenant.policy.moderators;
    let mut needs = Needs { moderators, any_audience: false, private_rooms: false };
    for tenant in tenants::list(&mut db).await?.iter().filter(|tenant| holder.may_ask_for(&tenant.name)) {
        if token_settings::get(&mut db, tenant.id).await?.verifier == VerifierKind::Jitsi {
            let dialects = store::dialects::get(&mut db, tenant.id).await?;
            needs.any_audience |= dialects.speak(Dialect::Proconf);
            needs.private_rooms |= dialects.speak(Dialect::Metered);
        }
    }
    Ok(Some(needs))
}
