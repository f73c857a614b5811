//! What is decided about an ask, and what is left to be done about it.

use chrono::{DateTime, Utc};
use tracing::Span;
use uuid::Uuid;

use super::{Answer, Opened};
use crate::actions::passwords::{UnlockError, unlock};
use crate::app::App;
use crate::credential::CredentialHash;
use crate::reservation::wording::open_already;
use crate::reservation::{
    Basis, Conference, ConferenceId, Decision, Grant, MailOwner, NameError, Node, Reason, Replaces, RoomKey,
    ServerId, TenantId, TenantName, decide,
};
use crate::store::claim::Claim;
use crate::store::desk::{Asker, Found, LookUp};
use crate::store::refusals::RefusalRecord;

/// One ask, through all its attempts: they share the id, so that a grant whose answer was lost is recognised.
#[derive(Debug)]
pub(super) struct Asked {
    pub hash: CredentialHash,
    pub node: Node,
    pub tenant: Option<TenantName>,
    room: Result<RoomKey, NameError>,
    mail_owner: MailOwner,
    id: ConferenceId,
    /// Of the request, for what is logged about the ask elsewhere.
    span: Span,
}

/// Between whom an ask was.
#[derive(Debug, Clone, Copy)]
pub(super) struct Parties {
    pub server: ServerId,
    /// Whose room it is; `None` where there is no such tenant.
    pub tenant: Option<TenantId>,
}

impl Parties {
    fn of(found: &Found) -> Self {
        Self {
            server: found.situation.server.id,
            tenant: found.situation.tenant.as_ref().map(|tenant| tenant.id),
        }
    }
}

/// What an ask comes to.
#[derive(Debug)]
pub(super) enum Settled {
    UnknownCredential,
    Answer(Answer, Parties),
    Unreadable(UnlockError),
    Contended,
    /// Too many wait, or it waited for too long.
    Busy,
}

/// What is left to be done.
pub(super) enum Verdict {
    /// Nothing.
    Settled(Settled),
    /// The room opens once it is claimed.
    Claim(Box<Candidate>),
    /// It is refused once the conference that outlived its appointment is closed.
    Close(Box<Outlived>),
}

/// A grant that is to be claimed, and its answer.
pub(super) struct Candidate {
    grant: Grant,
    opened: Opened,
    takes_over: bool,
    /// How many conferences of the tenant may open beside those that are; `None` without a capacity.
    pub places: Option<u32>,
}

/// A conference that outlived its appointment, and the refusal.
pub(super) struct Outlived {
    pub tenant: TenantId,
    pub closing: Replaces,
    reason: Reason,
    found: Found,
}

impl Asked {
    pub fn new(hash: CredentialHash, node: &Node, mail_owner: &MailOwner) -> Self {
        Self {
            hash,
            tenant: node.tenant(),
            room: node.parts().map(|(_, room)| room),
            node: node.clone(),
            mail_owner: mail_owner.clone(),
            id: ConferenceId::new(),
            span: Span::current(),
        }
    }

    pub fn look_up(&self) -> LookUp<'_> {
        LookUp {
            asker: Asker::Credential(self.hash),
            tenant: self.tenant.as_ref(),
            room: self.room.as_ref().ok(),
        }
    }

    /// Decides about it, by what was found, which is `None` where nobody known asks.
    pub fn judge(&self, app: &App, found: Option<Found>, now: DateTime<Utc>) -> Verdict {
        let Some(found) = found else {
            return Verdict::Settled(Settled::UnknownCredential);
        };
        let tenant = found.situation.tenant.as_ref().map(|tenant| tenant.id);
        let ask = found.situation.ask(self.node.clone(), self.room.clone(), &app.keys);
        match decide(&ask, &found.situation, now) {
            Decision::Conflict(id) => Verdict::Settled(self.conflict(app, id, found)),
            Decision::Refuse(refusal) => match (refusal.closes, tenant) {
                (Some(closing), Some(tenant)) => {
                    Verdict::Close(Box::new(Outlived { tenant, closing, reason: refusal.reason, found }))
                }
                _ => Verdict::Settled(self.refused(app, refusal.reason, &found, now)),
            },
            Decision::Grant(grant) => match self.candidate(app, grant, &found) {
                Ok(candidate) => Verdict::Claim(Box::new(candidate)),
                Err(error) => Verdict::Settled(Settled::Unreadable(error)),
            },
        }
    }

    /// What makes a conference of the candidate.
    pub fn claim<'a>(&'a self, candidate: &'a Candidate) -> Claim<'a> {
        Claim {
            id: self.id,
            node: &self.node,
            server: candidate.opened.conference.server.id,
            mail_owner: &self.mail_owner,
            grant: &candidate.grant,
        }
    }

    /// The refusal, now that the conference is closed.
    pub fn closed(&self, app: &App, outlived: &Outlived, now: DateTime<Utc>) -> Settled {
        self.refused(app, outlived.reason, &outlived.found, now)
    }

    /// The answer to a grant that was claimed; `None` where it is not among the ones that were.
    pub fn claimed(&self, app: &App, candidate: Candidate, claimed: &[ConferenceId]) -> Option<Settled> {
        if !claimed.contains(&self.id) {
            self.span.in_scope(|| tracing::debug!("lost a race for the room"));
            return None;
        }
        if candidate.takes_over {
            app.metrics.take_overs.inc();
            self.span.in_scope(|| {
                tracing::warn!(
                    room.name = self.node.as_str(),
                    server.id = %candidate.opened.conference.server.id,
                    "took the room over from the server that held it"
                );
            });
        }
        Some(answered(candidate.opened))
    }

    /// The room is open already; by this very ask, where its answer was lost on the way.
    fn conflict(&self, app: &App, id: ConferenceId, found: Found) -> Settled {
        let parties = Parties::of(&found);
        match found.situation.live {
            Some(mine) if mine.id == self.id => match opened(app, mine) {
                Ok(opened) => answered(opened),
                Err(error) => Settled::Unreadable(error),
            },
            Some(live) => {
                let message = open_already(found.language);
                Settled::Answer(Answer::Conflict { tenant: live.tenant, id, message }, parties)
            }
            None => Settled::Contended,
        }
    }

    /// The answer, as it will be once it is claimed. Nothing is claimed whose password can't be read.
    fn candidate(&self, app: &App, grant: Grant, found: &Found) -> Result<Candidate, UnlockError> {
        let server = found.situation.server;
        let conference = Conference {
            tenant: grant.tenant,
            id: self.id,
            room: grant.room.clone(),
            node: self.node.clone(),
            server,
            mail_owner: self.mail_owner.clone(),
            occurrence: match grant.basis {
                Basis::Occurrence { id, .. } => Some(id),
                Basis::Instant | Basis::Unscheduled => None,
            },
            opened_at: grant.opened_at,
            ends_at: grant.ends_at,
            answer_token: grant.answer_token,
            options: grant.options.clone(),
        };
        let holder = found.situation.live.as_ref().filter(|live| !live.is_over(grant.opened_at));
        let takes_over = holder.is_some_and(|live| live.server.id != server.id);
        let capacity = found.situation.tenant.as_ref().and_then(|tenant| tenant.policy.capacity);
        let places = capacity.map(|capacity| capacity.saturating_sub(found.situation.live_count));
        Ok(Candidate { grant, opened: opened(app, conference)?, takes_over, places })
    }

    fn refused(&self, app: &App, reason: Reason, found: &Found, now: DateTime<Utc>) -> Settled {
        let tenant = found.situation.tenant.as_ref().map(|tenant| tenant.id);
        let record = RefusalRecord {
            id: Uuid::now_v7(),
            // A server writes into no foreign tenant's log.
            tenant: tenant.filter(|_| found.situation.served).unwrap_or(found.situation.default_tenant),
            server: found.situation.server.id,
            node: self.node.clone(),
            reason,
            refused_at: now,
            language: found.language,
            time_zone: found.time_zone,
        };
        if !app.refusals.put(record) {
            app.metrics.refusals_dropped.inc();
        }
        let message = reason.message(found.language, found.time_zone, now);
        Settled::Answer(Answer::Refused { reason, message }, Parties::of(found))
    }
}

impl Candidate {
    /// Which room it is for.
    pub fn room(&self) -> (TenantId, &RoomKey) {
        (self.grant.tenant, &self.grant.room)
    }
}

fn answered(opened: Opened) -> Settled {
    let Conference { server, tenant, .. } = opened.conference;
    let parties = Parties { server: server.id, tenant: Some(tenant) };
    Settled::Answer(Answer::Opened(Box::new(opened)), parties)
}

fn opened(app: &App, conference: Conference) -> Result<Opened, UnlockError> {
    let password = unlock(&app.keys, conference.tenant, conference.appointment(), &conference.options)?;
    Ok(Opened { conference, password, token: None })
}
