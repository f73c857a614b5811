//! What HTTP costs by itself: one handler that always says the same, what a refusal says.

use actix_web::{App, HttpResponse, HttpServer, web};

use crate::Done;

const BODY: &str = r#"{"message":"No meeting is scheduled in this room.","reason":"unknown_room"}"#;

pub fn serve(port: &str) -> Done {
    let port: u16 = port.parse()?;
    let server = HttpServer::new(|| {
        App::new()
            .route("/readyz", web::get().to(HttpResponse::Ok))
            .route("/conference", web::post().to(refuse))
    });
    Ok(actix_web::rt::System::new().block_on(server.bind(("127.0.0.1", port))?.run())?)
}

async fn refuse(_body: web::Bytes) -> HttpResponse {
    HttpResponse::NotFound().content_type("application/json").body(BODY)
}
