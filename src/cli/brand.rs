//! `frontdesk tenant brand`: what people see of a tenant.

use clap::Args;

use super::Done;
use super::parse::{Maybe, logo_file};
use super::print::Output;
use crate::actions::branding::{BrandChange, brand, change_brand};
use crate::actions::change_appointment::Patch;
use crate::app::App;
use crate::reservation::{Color, Contact, DisplayName, Logo, TenantName};
use crate::view::BrandView;

/// What is to be different. Without anything, it is shown. `none` takes away.
#[derive(Debug, Args)]
pub(super) struct BrandArgs {
    /// What people know it by [at first: its name]
    #[arg(long, value_parser = |text: &str| Maybe::or(text, str::parse::<DisplayName>))]
    display_name: Option<Maybe<DisplayName>>,
    /// The colour of what people press, such as `#0a7d4f`
    #[arg(long, value_parser = |text: &str| Maybe::or(text, str::parse::<Color>))]
    color: Option<Maybe<Color>>,
    /// Its logo: a PNG, JPEG, WebP or SVG of 64 KiB at the most
    #[arg(long, value_name = "FILE", value_parser = |path: &str| Maybe::or(path, logo_file))]
    logo: Option<Maybe<Logo>>,
    /// Where people turn who did not get in: a phone number, an address
    #[arg(long, value_parser = |text: &str| Maybe::or(text, str::parse::<Contact>))]
    contact: Option<Maybe<Contact>>,
}

impl BrandArgs {
    pub async fn run(self, app: &App, tenant: &TenantName, output: Output) -> Done {
        let Self { display_name, color, logo, contact } = self;
        let shows = display_name.is_none() && color.is_none() && logo.is_none() && contact.is_none();
        let brand = if shows {
            brand(app, tenant).await?
        } else {
            let change = BrandChange {
                display_name: patch(display_name),
                color: patch(color),
                logo: patch(logo),
                contact: patch(contact),
            };
            change_brand(app, tenant, change).await?
        };
        output.one(&if output.json { BrandView::from(&brand) } else { BrandView::in_short(&brand) })
    }
}

fn patch<T>(value: Option<Maybe<T>>) -> Patch<T> {
    match value {
        None => Patch::Keep,
        Some(Maybe(None)) => Patch::Clear,
        Some(Maybe(Some(value))) => Patch::Set(value),
    }
}
