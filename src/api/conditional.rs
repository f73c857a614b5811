//! `If-Match`: a change is made to the version that was read, or not at all.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::http::header::IF_MATCH;
use actix_web::{FromRequest, HttpRequest};

use super::code::Code;
use super::problem::Problem;

/// Which version is to be changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IfMatch {
    /// Nothing is said.
    Absent,
    /// Whatever is there.
    Any,
    /// This revision.
    Revision(i64),
    /// A version that no `ETag` of ours stands for.
    Foreign,
}

impl IfMatch {
    /// The revision to change, or `None` for any. Something has to be said.
    ///
    /// # Errors
    /// Where nothing is said, or it can't be ours.
    pub fn required(self) -> Result<Option<i64>, Problem> {
        match self {
            Self::Absent => {
                let detail = "send `If-Match` with the `ETag` of what you have read, or `If-Match: *`";
                Err(Problem::new(Code::PreconditionRequired, detail))
            }
            given => given.optional(),
        }
    }

    /// The revision to change, or `None` for any.
    ///
    /// # Errors
    /// Where it can't be ours.
    pub fn optional(self) -> Result<Option<i64>, Problem> {
        match self {
            Self::Absent | Self::Any => Ok(None),
            Self::Revision(revision) => Ok(Some(revision)),
            Self::Foreign => {
                let detail = "`If-Match` holds no `ETag` of this, such as `\"3\"`";
                Err(Problem::new(Code::PreconditionFailed, detail))
            }
        }
    }

    fn read(text: &str) -> Self {
        match text.trim() {
            "*" => Self::Any,
            text => {
                let revision = text.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
                revision.and_then(|revision| revision.parse().ok()).map_or(Self::Foreign, Self::Revision)
            }
        }
    }
}

impl FromRequest for IfMatch {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let mut lines = request.headers().get_all(IF_MATCH);
        ready(Ok(match (lines.next(), lines.next()) {
            (None, _) => Self::Absent,
            (Some(line), None) => line.to_str().map_or(Self::Foreign, Self::read),
            (Some(_), Some(_)) => Self::Foreign,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_strong_tag_of_a_revision_names_one() {
        assert_eq!(IfMatch::read("*"), IfMatch::Any);
        assert_eq!(IfMatch::read(" \"12\" "), IfMatch::Revision(12));
        for text in ["", "12", "W/\"12\"", "\"x\"", "\"1\", \"2\""] {
            assert_eq!(IfMatch::read(text), IfMatch::Foreign, "{text}");
        }
    }

    #[test]
    fn what_is_not_said_is_any_version_only_where_it_need_not_be_said() {
        assert_eq!(IfMatch::Absent.optional().unwrap(), None);
        assert_eq!(IfMatch::Absent.required().unwrap_err().code, Code::PreconditionRequired);
        assert_eq!(IfMatch::Any.required().unwrap(), None);
        assert_eq!(IfMatch::Foreign.optional().unwrap_err().code, Code::PreconditionFailed);
    }
}
