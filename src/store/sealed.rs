//! What is sealed, and where it lies: one line below for each column. Whatever is done with all sealed values follows
//! from these lines: they are counted, sealed anew, and given up with a lost key.
//!
//! A blob names its master key in its bytes 2 to 9 (see [`seal`](crate::seal)), so that SQL finds what a key has sealed.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use strum::VariantArray as _;
use uuid::Uuid;

use super::{StoreError, appointments};
use crate::seal::{Context, KeyId, Sealed};

/// How long a look at all sealed values may take: it reads whole tables.
const PATIENCE: &str = "10min";

/// Writes [`SealedColumn`] from its lines.
///
/// A line has the purpose that the values are sealed for, the table, the column, the tenant and the row that they are
/// sealed for, as SQL has them, and what becomes of a value whose key is lost: `keep` leaves it, `revoke` revokes its row,
/// `retire` forgets it and retires its row, `delete` deletes its row. Columns of one purpose hold copies of each other: where a value changes, it does in all.
macro_rules! sealed_columns {
    ($($(#[$doc:meta])* $name:ident = $purpose:literal in $table:literal.$column:literal of ($tenant:literal, $row:literal), if lost $lost:ident;)+) => {
        /// A column of sealed values.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, strum::Display, strum::VariantArray)]
        #[strum(serialize_all = "snake_case")]
        pub enum SealedColumn {
            $($(#[$doc])* $name),+
        }

        impl SealedColumn {
            /// What its values are sealed for.
            #[must_use]
            pub const fn purpose(self) -> &'static str {
                match self {
                    $(Self::$name => $purpose),+
                }
            }

            /// Its table, and its name there.
            #[must_use]
            pub const fn place(self) -> [&'static str; 2] {
                match self {
                    $(Self::$name => [$table, $column]),+
                }
            }

            /// How many values each master key has sealed.
            ///
            /// # Errors
            /// Where the database fails.
            pub async fn count(self, db: &mut PgConnection) -> Result<Vec<(KeyId, i64)>, StoreError> {
                sqlx::query!("SELECT set_config('statement_timeout', $1, true)", PATIENCE).fetch_one(&mut *db).await?;
                let counted = match self {
                    $(Self::$name => {
                        sqlx::query_as!(
                            KeyCount,
                            "SELECT substring(" + $column + r#" FROM 2 FOR 8) AS "key!", count(*) AS "values!"
                             FROM "# + $table + " WHERE " + $column + " IS NOT NULL GROUP BY 1"
                        )
                        .fetch_all(db)
                        .await?
                    })+
                };
                // What has no whole header was sealed under no key.
                let of_key = |count: &KeyCount| Some((<[u8; 8]>::try_from(&*count.key).ok()?.into(), count.values));
                Ok(counted.iter().filter_map(of_key).collect())
            }

            /// Values that another key than `first` has sealed, each once however many copies there are: at most
            /// `limit`, those that come after `after`.
            ///
            /// # Errors
            /// Where the database fails.
            pub async fn sealed_otherwise(
                self,
                db: &mut PgConnection,
                first: KeyId,
                after: &SealedValue,
                limit: i64,
            ) -> Result<Vec<SealedValue>, StoreError> {
                sqlx::query!("SELECT set_config('statement_timeout', $1, true)", PATIENCE).fetch_one(&mut *db).await?;
                Ok(match self {
                    $(Self::$name => {
                        sqlx::query_as!(
                            SealedValue,
                            "SELECT DISTINCT " + $tenant + r#" AS "tenant!", "# + $row + r#" AS "row!", "#
                                + $column + r#" AS "blob!"
                             FROM "# + $table + " WHERE substring(" + $column + " FROM 2 FOR 8) <> $1 AND ("
                                + $tenant + ", " + $row + ", " + $column + ") > ($2, $3, $4)
                             ORDER BY 1, 2, 3 LIMIT $5",
                            first.bytes(),
                            after.tenant,
                            after.row,
                            &after.blob,
                            limit,
                        )
                        .fetch_all(db)
                        .await?
                    })+
                })
            }

            /// Puts new blobs in the place of old ones that are still there. Says in how many rows.
            async fn replace_here(self, db: &mut PgConnection, values: &Columns) -> Result<u64, StoreError> {
                let Columns { tenants, rows, old, new } = values;
                let replaced = match self {
                    $(Self::$name => {
                        sqlx::query!(
                            "UPDATE " + $table + " SET " + $column + " = becomes
                             FROM unnest($1::uuid[], $2::uuid[], $3::bytea[], $4::bytea[])
                                  AS resealed (of_tenant, of_row, was, becomes)
                             WHERE " + $tenant + " = of_tenant AND " + $row + " = of_row AND " + $column + " = was",
                            tenants,
                            rows,
                            old,
                            new,
                        )
                        .execute(db)
                        .await?
                    })+
                };
                Ok(replaced.rows_affected())
            }

            /// Does with the values of a lost key what is to be done with them. Says with how many.
            ///
            /// # Errors
            /// Where the database fails.
            pub async fn give_up(
                self,
                db: &mut PgConnection,
                key: KeyId,
                now: DateTime<Utc>,
            ) -> Result<u64, StoreError> {
                match self {
                    $(Self::$name => give_up!($lost, db, $table, $column, key, now)),+
                }
            }

            /// What becomes of the values of a lost key.
            #[must_use]
            pub const fn if_lost(self) -> IfLost {
                match self {
                    $(Self::$name => if_lost!($lost)),+
                }
            }
        }
    };
}

macro_rules! if_lost {
    (keep) => {
        IfLost::Keep
    };
    (revoke) => {
        IfLost::Revoke
    };
    (retire) => {
        IfLost::Retire
    };
    (delete) => {
        IfLost::Delete
    };
}

macro_rules! give_up {
    (keep, $db:expr, $table:literal, $column:literal, $key:expr, $now:expr) => {
        Ok(0)
    };
    (revoke, $db:expr, $table:literal, $column:literal, $key:expr, $now:expr) => {
        Ok(sqlx::query!(
            "UPDATE "
                + $table
                + " SET revoked_at = $2
             WHERE revoked_at IS NULL AND substring("
                + $column
                + " FROM 2 FOR 8) = $1",
            $key.bytes(),
            $now,
        )
        .execute($db)
        .await?
        .rows_affected())
    };
    // A public half goes on verifying. A secret would have to be read for that.
    (retire, $db:expr, $table:literal, $column:literal, $key:expr, $now:expr) => {
        Ok(sqlx::query!(
            "UPDATE "
                + $table
                + " SET retired_at = COALESCE(retired_at, $2), withdrawn_at = CASE WHEN public_key IS NULL THEN $2 END, "
                + $column
                + " = NULL
             WHERE substring("
                + $column
                + " FROM 2 FOR 8) = $1",
            $key.bytes(),
            $now,
        )
        .execute($db)
        .await?
        .rows_affected())
    };
    (delete, $db:expr, $table:literal, $column:literal, $key:expr, $now:expr) => {
        Ok(sqlx::query!(
            "DELETE FROM " + $table + " WHERE substring(" + $column + " FROM 2 FOR 8) = $1",
            $key.bytes()
        )
        .execute($db)
        .await?
        .rows_affected())
    };
}

sealed_columns! {
    /// Passwords of rooms, as appointments have them.
    AppointmentPassword = "room_password" in "appointments"."password" of ("tenant_id", "id"), if lost keep;
    /// The same of single dates: copies, or their own.
    DatePassword = "room_password" in "occurrences"."password" of ("tenant_id", "appointment_id"), if lost keep;
    /// Copies in conferences, which keep what they were granted with.
    ConferencePassword = "room_password" in "conferences"."password" of ("tenant_id", "appointment_id"), if lost keep;
    /// Secrets that apps sign tokens with.
    AppSigningSecret = "app_signing_secret" in "app_signing_keys"."secret" of ("tenant_id", "id"), if lost revoke;
    /// What the codes of join links are derived from. Links whose secret is lost lead in, and can't be shown any more.
    JoinSecret = "join_secret" in "join_secrets"."secret" of ("tenant_id", "tenant_id"), if lost delete;
    /// What the tokens are signed with that ask for an alias.
    AliasSecret = "alias_secret" in "aliases"."secret" of ("tenant_id", "appointment_id"), if lost delete;
    /// What room tokens are signed with. One of the deployment belongs to the tenant that can't be.
    SigningKey = "signing_key" in "signing_keys"."private"
        of ("COALESCE(tenant_id, '00000000-0000-0000-0000-000000000000')", "id"), if lost retire;
    /// Answers that are kept for requests that are sent again.
    IdempotentAnswer = "idempotent_answer" in "idempotency_keys"."answer"
        of ("tenant_id", "encode(substring(key_hash FROM 1 FOR 16), 'hex')::uuid"), if lost delete;
}

/// What becomes of a value whose master key is lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::Display)]
#[strum(serialize_all = "snake_case")]
pub enum IfLost {
    /// It stays: without it, something would be open that was closed.
    Keep,
    /// Whatever it belongs to is revoked.
    Revoke,
    /// It is forgotten, and what it belongs to signs no more.
    Retire,
    /// Whatever it belongs to is deleted.
    Delete,
}

impl SealedColumn {
    /// What a value of that row is sealed for.
    #[must_use]
    pub const fn context(self, tenant: Uuid, row: Uuid) -> Context {
        Context { tenant, purpose: self.purpose(), row }
    }

    /// The columns that hold copies of its values, with itself.
    pub fn copies(self) -> impl Iterator<Item = Self> {
        Self::VARIANTS.iter().copied().filter(move |column| column.purpose() == self.purpose())
    }
}

/// A sealed value, with what it was sealed for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SealedValue {
    /// The tenant.
    pub tenant: Uuid,
    /// The row.
    pub row: Uuid,
    /// The blob.
    pub blob: Vec<u8>,
}

struct KeyCount {
    key: Vec<u8>,
    values: i64,
}

/// Values by columns, as a statement takes them.
struct Columns {
    tenants: Vec<Uuid>,
    rows: Vec<Uuid>,
    old: Vec<Vec<u8>>,
    new: Vec<Vec<u8>>,
}

/// Puts new blobs in the place of old ones, in all columns of that purpose, where the old ones are still there: who has
/// changed a value meanwhile has sealed it anew, too. Says in how many rows of each column.
///
/// The rows are no others than before: their revisions stay. Who changes an appointment waits until this transaction
/// ends, or has ended before, so that nobody puts an old blob back.
///
/// # Errors
/// Where the database fails.
pub async fn replace(
    db: &mut PgConnection,
    of: SealedColumn,
    values: &[(SealedValue, Sealed)],
) -> Result<Vec<(SealedColumn, u64)>, StoreError> {
    let values = Columns {
        tenants: values.iter().map(|(value, _)| value.tenant).collect(),
        rows: values.iter().map(|(value, _)| value.row).collect(),
        old: values.iter().map(|(value, _)| value.blob.clone()).collect(),
        new: values.iter().map(|(_, new)| new.as_bytes().to_vec()).collect(),
    };
    if of.purpose() == SealedColumn::AppointmentPassword.purpose() {
        appointments::hold(db, &values.tenants, &values.rows).await?;
    }
    let mut replaced = Vec::new();
    for column in of.copies() {
        replaced.push((column, column.replace_here(db, &values).await?));
    }
    Ok(replaced)
}
