//! `frontdesk dialects`.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser as _};
use strum::VariantNames as _;

use super::Done;
use super::parse::{Maybe, count, positive_length, tenant};
use super::print::Output;
use crate::actions::dialect_settings::{change_dialect_settings, dialect_settings};
use crate::app::App;
use crate::reservation::{BaseUrl, Dialect, Dialects, TenantName};
use crate::view::DialectsView;

/// What is to be different. Without anything, they are shown.
#[derive(Debug, Args)]
pub(super) struct DialectsArgs {
    /// Tenant whose apps speak them; may be left out where there is only one
    #[arg(long)]
    tenant: Option<TenantName>,
    /// All that its apps may speak, with commas between; `none` for none [at first: none]
    #[arg(
        long,
        value_name = "LIST",
        value_delimiter = ',',
        value_parser = PossibleValuesParser::new(["none"].iter().chain(Dialect::VARIANTS))
            .try_map(|text| Maybe::or(&text, str::parse::<Dialect>))
    )]
    speak: Vec<Maybe<Dialect>>,
    /// The most rooms that one app may have at once through JioMeet's; `none` for no limit [at first: none]
    #[arg(long, value_name = "COUNT", value_parser = |text: &str| Maybe::or(text, count))]
    jiomeet_rooms: Option<Maybe<u32>>,
    /// Address under which the tenant's own sub-domain leads to Frontdesk, such as https://acme.example.org; `none` for none
    /// [at first: none]
    #[arg(long, value_name = "URL", value_parser = |text: &str| Maybe::or(text, str::parse::<BaseUrl>))]
    jiomeet_url: Option<Maybe<BaseUrl>>,
    /// How long a token is good that is asked for in Metered's: 1m to 24h [at first: 24h]
    #[arg(long, value_name = "LENGTH", value_parser = positive_length)]
    metered_token_lifetime: Option<TimeDelta>,
    /// How long a room is booked that nobody had booked, when a token for it is asked for in ProCONF's: 1m to 7d [at
    /// first: 24h]
    #[arg(long, value_name = "LENGTH", value_parser = positive_length)]
    proconf_room_length: Option<TimeDelta>,
}

/// `none` has company.
#[derive(Debug, thiserror::Error)]
#[error("write `--speak none`, or name what they speak")]
struct NoneAndMore;

impl DialectsArgs {
    pub async fn run(self, app: &App, output: Output) -> Done {
        let spoken: BTreeSet<_> = self.speak.iter().filter_map(|said| said.0).collect();
        if !spoken.is_empty() && self.speak.contains(&Maybe(None)) {
            return Err(NoneAndMore.into());
        }
        let tenant = tenant(app, self.tenant.clone()).await?.name;
        let settings = if self.changes_something() {
            change_dialect_settings(app, &tenant, |dialects| self.apply(&spoken, dialects)).await?
        } else {
            dialect_settings(app, &tenant).await?
        };
        output.one(&DialectsView::from(settings))
    }

    fn changes_something(&self) -> bool {
        !self.speak.is_empty()
            || self.jiomeet_rooms.is_some()
            || self.jiomeet_url.is_some()
            || self.metered_token_lifetime.is_some()
            || self.proconf_room_length.is_some()
    }

    fn apply(&self, spoken: &BTreeSet<Dialect>, dialects: &mut Dialects) {
        if !self.speak.is_empty() {
            dialects.spoken.clone_from(spoken);
        }
        if let Some(Maybe(rooms)) = self.jiomeet_rooms {
            dialects.jiomeet_rooms = rooms;
        }
        if let Some(Maybe(url)) = &self.jiomeet_url {
            dialects.jiomeet_url.clone_from(url);
        }
        dialects.metered_token_lifetime =
            self.metered_token_lifetime.unwrap_or(dialects.metered_token_lifetime);
        dialects.proconf_room_length = self.proconf_room_length.unwrap_or(dialects.proconf_room_length);
    }
}
