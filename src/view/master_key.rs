//! Master keys: their ids, and never a key.

use std::collections::BTreeMap;

use serde::Serialize;
use strum::VariantArray as _;

use super::time;
use crate::actions::forget_master_key::Loss;
use crate::actions::master_keys::MasterKeyState;
use crate::actions::reseal::Resealed;
use crate::seal::KeyId;
use crate::store::appointments::SealedUnder;
use crate::store::sealed::{IfLost, SealedColumn};

/// A master key.
#[derive(Debug, Serialize)]
pub struct MasterKeyView {
    id: String,
    /// Its line in the key file.
    line: Option<usize>,
    in_key_file: bool,
    seals: bool,
    /// Whether Frontdesk does not start without it.
    needed: bool,
    /// How many values of each kind it has sealed.
    values: BTreeMap<String, i64>,
}

impl From<&MasterKeyState> for MasterKeyView {
    fn from(key: &MasterKeyState) -> Self {
        let count = |column| (SealedColumn::to_string(column), key.values.get(column).copied().unwrap_or(0));
        Self {
            id: key.id.to_string(),
            line: key.line,
            in_key_file: key.line.is_some(),
            seals: key.seals,
            needed: key.needed,
            values: SealedColumn::VARIANTS.iter().map(count).collect(),
        }
    }
}

/// What was sealed anew.
#[derive(Debug, Serialize)]
pub struct ResealedView {
    /// How many values of each kind.
    resealed: BTreeMap<String, u64>,
    /// How many can't be opened, and stay as they are.
    unreadable: u64,
    /// Lines of the key file that are needed no more.
    may_be_removed: Vec<LineView>,
    /// Keys that have sealed something still, beside the first.
    still_seal: Vec<MasterKeyView>,
}

#[derive(Debug, Serialize)]
struct LineView {
    line: Option<usize>,
    id: String,
}

impl From<&Resealed> for ResealedView {
    fn from(done: &Resealed) -> Self {
        let count = |column| (SealedColumn::to_string(column), done.rows.get(column).copied().unwrap_or(0));
        let may_go = done.keys.iter().filter(|key| key.may_go());
        let still_seal = done.keys.iter().filter(|key| !key.seals && !key.values.is_empty());
        Self {
            resealed: SealedColumn::VARIANTS.iter().map(count).collect(),
            unreadable: done.unreadable,
            may_be_removed: may_go.map(|key| LineView { line: key.line, id: key.id.to_string() }).collect(),
            still_seal: still_seal.map(MasterKeyView::from).collect(),
        }
    }
}

/// What is lost with a master key.
#[derive(Debug, Serialize)]
pub struct LossView {
    id: String,
    /// Whether it is forgotten now; otherwise this is what would be lost.
    forgotten: bool,
    /// The key that was made, as there was none.
    made: Option<String>,
    /// How many values stay, and can't be read.
    kept: BTreeMap<String, i64>,
    /// How many are revoked.
    revoked: BTreeMap<String, i64>,
    /// How many sign no more; what they signed is as good as before, but for shared secrets.
    retired: BTreeMap<String, i64>,
    /// How many are deleted.
    deleted: BTreeMap<String, i64>,
    /// How many appointments have dates to come, and need a new password.
    appointments_to_come: i64,
    /// How many appointments there are in all, with those that are over.
    appointments_in_all: i64,
    /// The next of them.
    appointments: Vec<LostAppointmentView>,
}

#[derive(Debug, Serialize)]
struct LostAppointmentView {
    tenant: String,
    id: String,
    room: String,
    next_starts: Option<String>,
}

impl LossView {
    /// What is or would be lost, and the id of the key that was made.
    #[must_use]
    pub fn new(loss: &Loss, forgotten: bool, made: Option<KeyId>) -> Self {
        let of = |fate| {
            let columns = SealedColumn::VARIANTS.iter().filter(|column| column.if_lost() == fate);
            let count =
                |column| (SealedColumn::to_string(column), loss.key.values.get(column).copied().unwrap_or(0));
            columns.map(count).collect()
        };
        Self {
            id: loss.key.id.to_string(),
            forgotten,
            made: made.map(|id| id.to_string()),
            kept: of(IfLost::Keep),
            revoked: of(IfLost::Revoke),
            retired: of(IfLost::Retire),
            deleted: of(IfLost::Delete),
            appointments_to_come: loss.upcoming(),
            appointments_in_all: loss.appointments.first().map_or(0, |first| first.all),
            appointments: loss.appointments.iter().map(LostAppointmentView::from).collect(),
        }
    }
}

impl From<&SealedUnder> for LostAppointmentView {
    fn from(appointment: &SealedUnder) -> Self {
        Self {
            tenant: appointment.tenant.clone(),
            id: appointment.id.to_string(),
            room: appointment.room.clone(),
            next_starts: appointment.next_starts.map(time),
        }
    }
}
