//! The pages about problems, as HTML.

use super::Code;

/// The page of a problem.
pub(super) fn of(code: Code) -> String {
    let status = code.status();
    let reason = status.canonical_reason().unwrap_or_default();
    let body = format!(
        "<h1>{}</h1>\n<p>Code <code>{code}</code>, status <b>{}</b> {reason}</p>\n<p>{}</p>\n\
         <p><a href=\"/docs/problems\">All problems</a> · <a href=\"/docs\">The API</a></p>",
        html(code.title()),
        status.as_u16(),
        html(code.help()),
    );
    whole(code.title(), &body)
}

/// The list of all problems.
pub(super) fn index(codes: &[Code]) -> String {
    let rows = codes.iter().map(|code| {
        let (status, title) = (code.status().as_u16(), html(code.title()));
        format!(
            "\n<tr><td><a href=\"/docs/problems/{code}\"><code>{code}</code></a></td><td>{status}</td><td>{title}</td></tr>"
        )
    });
    let body = format!(
        "<h1>Problems</h1>\n<p>What an answer that is no success says in <code>code</code>.</p>\n\
         <table>\n<tr><th>Code</th><th>Status</th><th>Meaning</th></tr>{}\n</table>\n<p><a href=\"/docs\">The API</a></p>",
        rows.collect::<String>()
    );
    whole("Problems", &body)
}

/// There is no such page.
pub(super) fn missing() -> String {
    let body = "<h1>There is nothing here</h1>\n<p><a href=\"/docs/problems\">All problems</a> · \
                <a href=\"/docs\">The API</a></p>";
    whole("There is nothing here", body)
}

fn whole(title: &str, body: &str) -> String {
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{} – Frontdesk</title>\n<link rel=\"stylesheet\" href=\"/docs/page.css\">\n\
         <link rel=\"icon\" href=\"data:,\">\n<main>\n{body}\n</main>\n</html>\n",
        html(title)
    )
}

/// Our Markdown, which knows nothing but code between backticks.
fn html(markdown: &str) -> String {
    let escaped =
        markdown.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;");
    let parts = escaped.split('`').enumerate();
    parts.map(|(n, part)| if n % 2 == 1 { format!("<code>{part}</code>") } else { part.to_owned() }).collect()
}

#[cfg(test)]
mod tests {
    use strum::VariantArray as _;

    use super::*;

    #[test]
    fn code_stands_between_backticks_and_nothing_else_is_special() {
        assert_eq!(html("a `b<c>` & d"), "a <code>b&lt;c&gt;</code> &amp; d");
    }

    #[test]
    fn every_help_closes_what_it_opens() {
        for code in Code::VARIANTS {
            assert_eq!(code.help().matches('`').count() % 2, 0, "{code}");
        }
    }
}
