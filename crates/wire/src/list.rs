use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// One page of a list.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct Page<T> {
    pub items: Vec<T>,
    /// Where the next page begins; null on the last one. Opaque, and good for this list with these filters only.
    pub next_cursor: Option<String>,
}

/// Which part of a list.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListQuery {
    /// How many items at most.
    #[param(minimum = 1, maximum = 500, default = 50, required = false)]
    pub limit: Option<i64>,
    /// `next_cursor` of the page before.
    #[param(required = false)]
    pub cursor: Option<String>,
}
