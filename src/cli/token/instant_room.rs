//! `frontdesk token instant-room`.

use chrono::{DateTime, TimeDelta, Utc};
use clap::Args;

use super::person::PersonArgs;
use crate::actions::instant_room::instant_room;
use crate::actions::mint::{Holder, Opens, TokenRequest, mint};
use crate::app::App;
use crate::cli::Done;
use crate::cli::parse::{positive_length, time};
use crate::cli::print::Output;
use crate::reservation::{Role, Tenant};
use crate::view::InstantRoomOnce;

#[derive(Debug, Args)]
pub(super) struct InstantRoomArgs {
    /// When people are told that it opens [default: now]
    #[arg(long, value_name = "TIME", value_parser = time)]
    opens: Option<DateTime<Utc>>,
    /// How long it is open, in whole minutes
    #[arg(long, value_name = "LENGTH", default_value = "1h", value_parser = positive_length)]
    duration: TimeDelta,
    #[command(flatten)]
    person: PersonArgs,
    /// `host`, `participant` or `observer`
    #[arg(long, default_value = "host")]
    role: Role,
}

impl InstantRoomArgs {
    pub async fn run(self, app: &App, tenant: &Tenant, output: Output) -> Done {
        let opens = self.opens.unwrap_or_else(|| app.clock.now());
        let (room, window) =
            instant_room(app, &mut *app.db.acquire().await?, tenant.id, opens, self.duration).await?;
        let opens = Opens::Window(room.clone(), window.into());
        let holder = Holder::Guest(self.person.person());
        let request = TokenRequest { role: Some(self.role), ..TokenRequest::new(opens, holder) };
        let minted = mint(app, tenant, &request).await?;
        let url = tenant.policy.meeting_url.as_ref().map(|base| base.with_room(&room));
        output.one(&InstantRoomOnce::new(&room, window, url, &minted))
    }
}
