//! `frontdesk tenant …`.

use chrono::TimeDelta;
use chrono_tz::Tz;
use clap::{Args, Subcommand};

use super::Done;
use super::brand::BrandArgs;
use super::parse::{Maybe, count, length, positive_length, tenant, time_zone};
use super::print::{Output, lines};
use crate::actions::add_tenant::add_tenant;
use crate::actions::change_tenant::change_tenant;
use crate::actions::export_tenant::export_tenant;
use crate::actions::remove_tenant::remove_tenant;
use crate::app::App;
use crate::reservation::wording::Language;
use crate::reservation::{BaseUrl, Moderators, Policy, RoomPattern, TenantName, WhenLiveElsewhere};
use crate::store::tenants;
use crate::view::{ExportView, RemovedView, TenantView};

#[derive(Debug, Subcommand)]
pub(super) enum TenantCommand {
    /// Add a tenant
    Add {
        /// Its name in `[tenant]room`: a-z, 0-9, `.`, `_`, `-`
        name: TenantName,
        #[command(flatten)]
        policy: PolicyArgs,
    },
    /// List the tenants with their policies
    List,
    /// Change a tenant's policy, or switch it on or off
    Set {
        /// Its name
        name: TenantName,
        #[command(flatten)]
        policy: PolicyArgs,
        /// Open no room any more
        #[arg(long)]
        disable: bool,
        /// Open rooms again
        #[arg(long, conflicts_with = "disable")]
        enable: bool,
    },
    /// Show a tenant with its policy
    Show {
        /// Its name
        name: TenantName,
    },
    /// Show or change what people see of a tenant: its name, colour and logo
    Brand {
        /// Its name
        name: TenantName,
        #[command(flatten)]
        brand: BrandArgs,
    },
    /// Write everything of a tenant to the output, as JSON Lines: its policy, apps without credentials, appointments,
    /// conferences, refusals
    Export {
        /// Its name
        name: TenantName,
        /// With the passwords of rooms in clear
        #[arg(long)]
        with_passwords: bool,
    },
    /// Remove a tenant with everything of it, also the conference servers that are its alone, for good
    Remove {
        /// Its name
        name: TenantName,
        /// Really: nothing of it can be brought back
        #[arg(long, required = true)]
        yes: bool,
        /// Also while rooms of it are open
        #[arg(long)]
        force: bool,
    },
}

/// What of a policy is to change. Lengths are written as `90s`, `10m`, `2h`; `none` takes away.
#[derive(Debug, Clone, Args)]
pub(super) struct PolicyArgs {
    /// Language of refusals: `en` or `de` [at first: en]
    #[arg(long, value_name = "en|de")]
    language: Option<Language>,
    /// IANA time zone of refusals, and of appointments that name none [at first: UTC]
    #[arg(long, value_name = "ZONE", value_parser = time_zone)]
    time_zone: Option<Tz>,
    /// Address that its rooms are below: https://meet.example.org, or https://meet.example.org/acme where they are
    /// `[acme]room` there [at first: none]
    #[arg(long, value_name = "URL", value_parser = |text: &str| Maybe::or(text, str::parse::<BaseUrl>))]
    meeting_url: Option<Maybe<BaseUrl>>,
    /// How long before the start people may come in [at first: 10m]
    #[arg(long, value_name = "LENGTH", value_parser = length)]
    early_open: Option<TimeDelta>,
    /// How long after the end people may stay [at first: 10m]
    #[arg(long, value_name = "LENGTH", value_parser = length)]
    grace: Option<TimeDelta>,
    /// Longest that a room may be open, from its first opening [at first: none]
    #[arg(long, value_name = "LENGTH", value_parser = |text: &str| Maybe::or(text, positive_length))]
    max_duration: Option<Maybe<TimeDelta>>,
    /// Most people in a room [at first: none]
    #[arg(long, value_name = "N", value_parser = |text: &str| Maybe::or(text, count))]
    max_occupants: Option<Maybe<u32>>,
    /// Whether the answer to a conference server carries a room token [at first: false]
    #[arg(long, value_name = "BOOL")]
    answer_token: Option<bool>,
    /// How moderators come to be: `automatic` (as Jitsi makes them) or `token` [at first: automatic]
    #[arg(long, value_name = "automatic|token")]
    moderators: Option<Moderators>,
    /// What to do about a room that another server holds: `auto`, `refuse` or `take_over` [at first: auto]
    #[arg(long, value_name = "auto|refuse|take_over")]
    when_live_elsewhere: Option<WhenLiveElsewhere>,
    /// What to do about rooms that nobody booked: `refuse` or `allow` [at first: refuse]
    #[arg(long, value_parser = ["refuse", "allow"])]
    unscheduled: Option<String>,
    /// Regular expression that the whole name of a room that nobody booked has to match [at first: none]
    #[arg(long, value_name = "REGEX", value_parser = |text: &str| Maybe::or(text, str::parse::<RoomPattern>))]
    unscheduled_pattern: Option<Maybe<RoomPattern>>,
    /// How long rooms that nobody booked are open [at first: 2h]
    #[arg(long, value_name = "LENGTH", value_parser = positive_length)]
    unscheduled_duration: Option<TimeDelta>,
    /// Whether rooms that nobody booked have a lobby [at first: false]
    #[arg(long, value_name = "BOOL")]
    unscheduled_lobby: Option<bool>,
    /// Most people in a room that nobody booked [at first: none]
    #[arg(long, value_name = "N", value_parser = |text: &str| Maybe::or(text, count))]
    unscheduled_max_occupants: Option<Maybe<u32>>,
    /// Most conferences at once [at first: none]
    #[arg(long, value_name = "N", value_parser = |text: &str| Maybe::or(text, count))]
    capacity: Option<Maybe<u32>>,
    /// How many days ahead may be booked [at first: 730]
    #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u16).range(1..=3660))]
    horizon_days: Option<u16>,
}

impl PolicyArgs {
    fn apply(self, policy: &mut Policy) {
        fn set<T>(place: &mut T, value: Option<T>) {
            if let Some(value) = value {
                *place = value;
            }
        }
        set(&mut policy.language, self.language);
        set(&mut policy.time_zone, self.time_zone);
        set(&mut policy.meeting_url, self.meeting_url.map(|Maybe(value)| value));
        set(&mut policy.early_open, self.early_open);
        set(&mut policy.grace, self.grace);
        set(&mut policy.max_duration, self.max_duration.map(|Maybe(value)| value));
        set(&mut policy.max_occupants, self.max_occupants.map(|Maybe(value)| value));
        set(&mut policy.answer_token, self.answer_token);
        set(&mut policy.moderators, self.moderators);
        set(&mut policy.when_live_elsewhere, self.when_live_elsewhere);
        set(&mut policy.unscheduled.allow, self.unscheduled.map(|rule| rule == "allow"));
        set(&mut policy.unscheduled.pattern, self.unscheduled_pattern.map(|Maybe(value)| value));
        set(&mut policy.unscheduled.duration, self.unscheduled_duration);
        set(&mut policy.unscheduled.lobby, self.unscheduled_lobby);
        set(&mut policy.unscheduled.max_occupants, self.unscheduled_max_occupants.map(|Maybe(value)| value));
        set(&mut policy.capacity, self.capacity.map(|Maybe(value)| value));
        set(&mut policy.horizon, self.horizon_days.map(|days| TimeDelta::days(days.into())));
    }
}

impl TenantCommand {
    pub async fn run(self, app: &App, output: Output) -> Done {
        match self {
            Self::Add { name, policy: args } => {
                let mut policy = Policy::default();
                args.apply(&mut policy);
                output.one(&TenantView::from(&add_tenant(app, name, policy).await?))
            }
            Self::List => {
                let all = tenants::list(&mut *app.db.acquire().await?).await?;
                output.list(&all.iter().map(TenantView::from).collect::<Vec<_>>())
            }
            Self::Set { name, policy: args, disable, enable } => {
                let enabled = (disable || enable).then_some(enable);
                let tenant = change_tenant(app, &name, enabled, |policy| args.clone().apply(policy)).await?;
                output.one(&TenantView::from(&tenant))
            }
            Self::Show { name } => output.one(&TenantView::from(&tenant(app, Some(name)).await?)),
            Self::Brand { name, brand } => brand.run(app, &name, output).await,
            Self::Export { name, with_passwords } => {
                let mut export = export_tenant(app, &name, with_passwords).await?;
                while let Some(page) = export.page(app).await? {
                    lines(
                        page.iter()
                            .map(|exported| ExportView::new(export.tenant(), exported, export.began())),
                    )?;
                }
                Ok(())
            }
            Self::Remove { name, yes: _, force } => {
                output.one(&RemovedView::from(&remove_tenant(app, &name, force).await?))
            }
        }
    }
}
