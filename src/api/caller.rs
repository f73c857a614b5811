//! Who calls: found out once, at the door.

use std::future::{Ready, ready};
use std::ops::Deref;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpMessage, HttpRequest};

use super::code::Code;
use super::problem::Problem;
use crate::actions::authenticate::Caller;
use crate::reservation::Scope;

/// The app that calls.
#[derive(Debug, Clone)]
pub struct Calling(pub std::rc::Rc<Caller>);

impl Calling {
    /// Whether the app may do that.
    ///
    /// # Errors
    /// Where its scopes don't say so.
    pub fn may(&self, scope: Scope) -> Result<(), Problem> {
        self.may_by_any([scope])
    }

    /// Whether it may do what any of these scopes is enough for.
    ///
    /// # Errors
    /// Where it has none of them; the first is named.
    pub fn may_by_any<const N: usize>(&self, scopes: [Scope; N]) -> Result<(), Problem> {
        if scopes.iter().any(|scope| self.scopes.contains(*scope)) {
            return Ok(());
        }
        let names = scopes.map(|scope| format!("`{scope}`")).join(" or ");
        let detail = format_args!("this needs the scope {names}");
        Err(Problem::new(Code::InsufficientScope, detail).with("scope", scopes[0]))
    }
}

impl Deref for Calling {
    type Target = Caller;

    fn deref(&self) -> &Caller {
        &self.0
    }
}

impl FromRequest for Calling {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let known = request.extensions().get::<Self>().cloned();
        ready(known.ok_or_else(|| Problem::new(Code::Unauthorized, "nobody was seen at the door")))
    }
}
