//! The chat page.

use std::sync::Arc;

use axum::Router;

use crate::simulator::Shared;

/// What a browser asks for.
pub(crate) fn router(_shared: Arc<Shared>) -> Router {
    Router::new()
}
