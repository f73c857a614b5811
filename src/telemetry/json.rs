//! Log lines as JSON: an object each, with the members of the event beside `timestamp`, `level` and `target`, and the spans around
//! it, the outermost first.
//!
//! The lines are those that `tracing_subscriber` makes when it is told to flatten events. It makes them more slowly: for each line
//! it parses what it wrote for each span before, in order to write it again. That and its many small writes were a third of what the
//! workers did for a refusal. One difference: a field of a span that is recorded twice stands there twice.

use std::fmt;

use serde::Serialize;
use tracing::field::{Field, Visit};
use tracing::span::Record;
use tracing::{Event, Subscriber};
use tracing_subscriber::field::RecordFields;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::{FormatTime, SystemTime};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields, FormattedFields};
use tracing_subscriber::registry::LookupSpan;

/// The format of lines. Goes with [`Members`].
#[derive(Debug)]
pub(super) struct Lines;

/// The format of fields: members of an object, without its braces.
#[derive(Debug)]
pub(super) struct Members;

impl<S: Subscriber + for<'a> LookupSpan<'a>> FormatEvent<S, Members> for Lines {
    fn format_event(
        &self,
        context: &FmtContext<'_, S, Members>,
        mut line: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        line.write_str("{\"timestamp\":\"")?;
        SystemTime.format_time(&mut line)?;
        write!(line, "\",\"level\":\"{}\",", event.metadata().level())?;
        if Visitor::visit(&mut line, event, false)? {
            line.write_char(',')?;
        }
        line.write_str("\"target\":")?;
        value(&mut line, event.metadata().target())?;
        if let Some(scope) = context.event_scope() {
            line.write_str(",\"spans\":[")?;
            for (place, span) in scope.from_root().enumerate() {
                line.write_str(if place == 0 { "{" } else { ",{" })?;
                if let Some(fields) = span.extensions().get::<FormattedFields<Members>>()
                    && !fields.is_empty()
                {
                    write!(line, "{fields},")?;
                }
                line.write_str("\"name\":")?;
                value(&mut line, span.name())?;
                line.write_char('}')?;
            }
            line.write_char(']')?;
        }
        line.write_str("}\n")
    }
}

impl<'writer> FormatFields<'writer> for Members {
    fn format_fields<R: RecordFields>(&self, mut writer: Writer<'writer>, fields: R) -> fmt::Result {
        Visitor::visit(&mut writer, fields, false).map(drop)
    }

    fn add_fields(&self, current: &'writer mut FormattedFields<Self>, fields: &Record<'_>) -> fmt::Result {
        let written = !current.is_empty();
        Visitor::visit(&mut current.as_writer(), fields, written).map(drop)
    }
}

/// Writes fields, with commas between them.
struct Visitor<'a, 'b> {
    writer: &'a mut Writer<'b>,
    /// Whether there are some already.
    written: bool,
    result: fmt::Result,
}

impl<'a, 'b> Visitor<'a, 'b> {
    /// Writes the fields, behind others or not; and says whether there are any now.
    fn visit(
        writer: &'a mut Writer<'b>,
        fields: impl RecordFields,
        written: bool,
    ) -> Result<bool, fmt::Error> {
        let mut visitor = Self { writer, written, result: Ok(()) };
        fields.record(&mut visitor);
        visitor.result.map(|()| visitor.written)
    }

    fn member(&mut self, field: &Field, of: &(impl Serialize + ?Sized)) {
        self.result = self.result.and_then(|()| {
            if self.written {
                self.writer.write_char(',')?;
            }
            self.written = true;
            value(self.writer, field.name())?;
            self.writer.write_char(':')?;
            value(self.writer, of)
        });
    }
}

impl Visit for Visitor<'_, '_> {
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.member(field, &value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.member(field, &value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.member(field, &value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.member(field, &value);
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.member(field, value);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.member(field, &format!("{value:?}"));
    }
}

fn value(writer: &mut Writer<'_>, value: &(impl Serialize + ?Sized)) -> fmt::Result {
    writer.write_str(&serde_json::to_string(value).map_err(|_| fmt::Error)?)
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use serde_json::Value;
    use tracing::field::Empty;
    use tracing_subscriber::fmt;

    use super::*;

    /// What is written while `log` runs, by our format or by the one of `tracing_subscriber`.
    fn lines(ours: bool, log: fn()) -> Vec<Value> {
        let lines = Arc::new(Mutex::new(Vec::new()));
        let writer = {
            let lines = Arc::clone(&lines);
            move || Shared(Arc::clone(&lines))
        };
        let builder = fmt().with_max_level(tracing::Level::TRACE).with_writer(writer);
        if ours {
            tracing::subscriber::with_default(builder.fmt_fields(Members).event_format(Lines).finish(), log);
        } else {
            let theirs = builder.json().flatten_event(true).with_current_span(false).finish();
            tracing::subscriber::with_default(theirs, log);
        }
        let bytes = lines.lock().unwrap();
        let lines = std::str::from_utf8(&bytes).unwrap().lines();
        lines
            .map(|line| {
                let mut line: Value =
                    serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
                let timestamp = line.as_object_mut().unwrap().remove("timestamp").unwrap();
                assert!(
                    timestamp.as_str().unwrap().parse::<chrono::DateTime<chrono::Utc>>().is_ok(),
                    "{timestamp}"
                );
                line
            })
            .collect()
    }

    struct Shared(Arc<Mutex<Vec<u8>>>);

    impl std::io::Write for Shared {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_line_says_what_that_of_tracing_subscriber_says() {
        let log = || {
            tracing::info!("nothing around it");
            tracing::warn!(target: "else\"where", room = "\"Grüße\"\\\n\u{1}\u{7f}\u{202e}", count = 3_u64, below = -3, "a line");
            tracing::error!(ratio = 0.5, none = f64::NAN, yes = true, absent = None::<u8>, debug = ?["a", "\""], "numbers");
            let error = std::io::Error::other("broken");
            tracing::error!(error = &error as &dyn std::error::Error, "an error");
            tracing::debug!(only.these = "fields");
            let outer = tracing::info_span!("outer", status = Empty, latency = Empty);
            let _outer = outer.enter();
            tracing::trace!("in an empty span");
            let inner = tracing::info_span!("inner", method = "GET", id = %7, status = Empty, later = Empty);
            let _inner = inner.enter();
            tracing::info!("in two spans");
            outer.record("status", 200);
            outer.record("latency", 1.5);
            inner.record("later", None::<u8>);
            inner.record("status", "fine, \"so far\"");
            tracing::info!(fine = true, "recorded later");
        };
        let (ours, theirs) = (lines(true, log), lines(false, log));
        assert_eq!(ours.len(), 8);
        assert_eq!(ours, theirs);
    }
}
