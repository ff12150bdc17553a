//! Every route, on one page.

mod cancel;
mod decisions;
mod dry_run;
mod events;
mod explain;
#[cfg(any(test, fuzzing))]
pub mod fuzzing;
mod health;
mod heartbeat;
mod lines;
mod metrics;
mod plugins;
mod pop;
mod preview;
mod push;
mod quarantine;
mod queue;
mod queues;
mod refusals;
mod replay;
mod root;
mod schedulers;
mod schedules;
mod signatures;
mod slots;
mod stats;
mod task;
mod task_events;
mod tasks;

use std::sync::Arc;

use axum::{Router, middleware};
use utoipa::{Modify, OpenApi};
use utoipa_axum::{router::OpenApiRouter, routes};
use utoipa_swagger_ui::SwaggerUi;

use crate::{
    ApiState,
    gate::{self, Gate},
    openapi::{Description, Everywhere},
};

type Api = axum::extract::State<Arc<ApiState>>;

fn page() -> OpenApiRouter<Arc<ApiState>> {
    OpenApiRouter::with_openapi(Description::openapi())
        .routes(routes!(root::get_root))
        .routes(routes!(health::get_health))
        .routes(routes!(health::get_live))
        .routes(routes!(health::get_ready))
        .routes(routes!(metrics::get_metrics))
        .routes(routes!(schedulers::list_schedulers))
        .routes(routes!(schedulers::get_scheduler))
        .routes(routes!(push::push_task))
        .routes(routes!(push::push_tasks))
        .routes(routes!(pop::pop_tasks))
        .routes(routes!(queue::get_queue))
        .routes(routes!(cancel::cancel_tasks))
        .routes(routes!(queues::list_queues))
        .routes(routes!(queues::get_queue_of))
        .routes(routes!(queues::pop_item, queues::take_item))
        .routes(routes!(queues::push_item))
        .routes(routes!(tasks::list_tasks, tasks::search_tasks))
        .routes(routes!(stats::get_task_stats))
        .routes(routes!(task::get_task, task::update_task))
        .routes(routes!(heartbeat::send_heartbeat))
        .routes(routes!(task_events::list_task_events))
        .routes(routes!(explain::explain_task))
        .routes(routes!(schedules::list_schedules, schedules::create_schedule))
        .routes(routes!(schedules::search_schedules))
        .routes(routes!(
            schedules::get_schedule,
            schedules::update_schedule,
            schedules::delete_schedule
        ))
        .routes(routes!(events::submit_event))
        .routes(routes!(events::submit_events))
        .routes(routes!(dry_run::dry_run))
        .routes(routes!(quarantine::list_kept_events))
        .routes(routes!(quarantine::get_kept_event, quarantine::drop_kept_event))
        .routes(routes!(quarantine::replay_kept_event))
        .routes(routes!(plugins::list_plugins, plugins::upload_plugin))
        .routes(routes!(plugins::check_plugin))
        .routes(routes!(preview::preview_plugin))
        .routes(routes!(decisions::get_decisions))
        .routes(routes!(replay::replay_plugin))
        .routes(routes!(refusals::list_refusals))
        .routes(routes!(plugins::get_plugin))
        .routes(routes!(signatures::sign_plugin))
        .routes(routes!(slots::list_slots))
        .routes(routes!(slots::get_slot))
        .routes(routes!(slots::list_activations))
        .routes(routes!(lines::list_lines))
        .routes(routes!(slots::activate_plugin))
        .routes(routes!(slots::roll_back_plugin))
}

/// The service that answers the API.
///
/// The recorder of metrics must be installed before, or requests are not counted.
pub fn router(state: ApiState) -> Router {
    let gate = Arc::new(Gate::new(state.access.clone()));
    let (routes, _) = page().split_for_parts();
    routes
        .merge(SwaggerUi::new("/docs").url("/openapi.json", openapi()))
        .fallback(gate::no_route)
        // Bodies are limited where they are read, with a text that names both sizes.
        .layer(middleware::from_fn_with_state(gate, gate::pass))
        .with_state(Arc::new(state))
}

/// The description of the API.
pub fn openapi() -> utoipa::openapi::OpenApi {
    let mut document = page().into_openapi();
    Everywhere.modify(&mut document);
    document
}
