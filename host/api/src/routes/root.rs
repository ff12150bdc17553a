//! The root, which older clients ask to see whether somebody is there.

use axum::Json;

/// Says that somebody is there
#[utoipa::path(get, path = "/", tag = "service", responses((status = 200, description = "`null`")))]
pub(super) async fn get_root() -> Json<()> {
    Json(())
}
