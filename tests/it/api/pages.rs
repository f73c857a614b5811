//! The pages about the API.

use frontdesk::api::code::Code;
use regex::Regex;
use strum::VariantArray as _;

use super::client::Client;
use crate::world::World;

struct Page {
    status: u16,
    content_type: String,
    text: String,
}

/// The page, which has to be under the policy.
async fn page(world: &World, path: &str) -> Page {
    let response = reqwest::get(format!("{}{path}", world.url)).await.unwrap();
    let header = |name: &str| response.headers().get(name).map_or("", |value| value.to_str().unwrap());
    let policy = header("content-security-policy");
    assert!(policy.starts_with("default-src 'none'; "), "{path}: {policy}");
    assert!(
        !policy.contains("unsafe") && !policy.contains("http") && !policy.contains('*'),
        "{path}: {policy}"
    );
    assert_eq!(header("x-content-type-options"), "nosniff", "{path}");
    assert_eq!(header("referrer-policy"), "no-referrer", "{path}");
    let content_type = header("content-type").to_owned();
    Page { status: response.status().as_u16(), content_type, text: response.text().await.unwrap() }
}

/// What a page loads, or leads to.
fn links(text: &str) -> Vec<String> {
    let link = Regex::new(r#"(?:src|href)="([^"]*)""#).unwrap();
    let all = link.captures_iter(text).map(|link| link[1].to_owned());
    all.filter(|link| !link.starts_with("data:")).collect()
}

#[tokio::test]
async fn the_document_can_be_looked_at_and_everything_comes_from_here() {
    let world = World::new().await;
    let shown = page(&world, "/docs").await;
    assert_eq!((shown.status, shown.content_type.as_str()), (200, "text/html; charset=utf-8"));
    assert_eq!(Regex::new("<script>|<style|style=| on[a-z]+=").unwrap().find(&shown.text), None);
    let links = links(&shown.text);
    assert_eq!(links.len(), 5, "{links:?}");
    for link in links {
        assert!(link.starts_with("/docs/"), "{link}");
        let part = page(&world, &link).await;
        assert_eq!(part.status, 200, "{link}");
        assert!(!part.content_type.starts_with("text/html"), "{link}: {}", part.content_type);
    }
    assert!(page(&world, "/docs/start.js").await.text.contains("\"/openapi.json\""));
    for missing in
        ["/docs/index.html", "/docs/swagger-initializer.js", "/docs/..%2fopenapi.json", "/docs/x/y"]
    {
        assert_eq!(page(&world, missing).await.status, 404, "{missing}");
    }
}

#[tokio::test]
async fn every_problem_has_a_page_and_leads_to_it() {
    let world = World::new().await;
    let index = page(&world, "/docs/problems").await;
    let listed = links(&index.text);
    for code in Code::VARIANTS {
        let path = format!("/docs/problems/{code}");
        assert!(listed.contains(&path), "{code}");
        let shown = page(&world, &path).await;
        assert_eq!((shown.status, shown.content_type.as_str()), (200, "text/html; charset=utf-8"));
        let status = format!("<b>{}</b>", code.status().as_u16());
        for part in [code.title(), &code.to_string(), &status] {
            assert!(shown.text.contains(part), "{code} lacks {part}");
        }
        assert!(!shown.text.contains('`'), "{code}");
    }
    assert_eq!(page(&world, "/docs/problems/no_such").await.status, 404);
    let nowhere = Client::of(&world, "acme").await.get("/v1/nowhere").await;
    let place = nowhere.body["type"].as_str().unwrap();
    assert!(page(&world, place).await.text.contains("There is nothing here"));
}
