//! Whom a token is for.

use clap::Args;

use crate::reservation::{Email, PersonName};
use crate::token::{Avatar, Person, UserId};

/// Somebody, as far as others are to know.
#[derive(Debug, Args)]
pub(super) struct PersonArgs {
    /// What others know them by: with it the token is good until the room closes
    #[arg(long, value_name = "ID")]
    id: Option<UserId>,
    /// What they are called
    #[arg(long)]
    name: Option<PersonName>,
    /// Where they are reached
    #[arg(long, value_name = "ADDRESS")]
    email: Option<Email>,
    /// Where their picture is
    #[arg(long, value_name = "URL")]
    avatar: Option<Avatar>,
}

impl PersonArgs {
    /// `None` where nothing is said of them.
    pub fn person(self) -> Option<Person> {
        let person = Person { id: self.id, name: self.name, email: self.email, avatar: self.avatar };
        (person != Person::default()).then_some(person)
    }
}
