//! Answers that are kept for a while, and asked for once however many want them.

use std::{future::Future, sync::Arc};

use hinny_core::connector::{ConnectorError, ServiceResponse};
use moka::future::Cache;

use crate::config::Caching;

/// What an answer costs beside its body, in bytes, roughly.
const ENTRY_BYTES: usize = 256;

/// Answers, by path and query.
pub(crate) struct Answers(Cache<String, Arc<ServiceResponse>>);

/// Something that is answered, but not kept.
#[derive(Debug, Clone)]
enum Unkept {
    Answer(ServiceResponse),
    Error(ConnectorError),
}

impl Answers {
    pub(crate) fn new(config: Caching) -> Self {
        let weigh = |key: &String, answer: &Arc<ServiceResponse>| {
            u32::try_from(key.len() + answer.body.len() + ENTRY_BYTES).unwrap_or(u32::MAX)
        };
        let cache = Cache::builder()
            .max_capacity(config.bytes_max)
            .weigher(weigh)
            .time_to_live(config.keep)
            .build();
        Self(cache)
    }

    /// The answer that is kept, or that of one question for all who ask at the same time. Only
    /// status 200 is kept: what fails may work the next time, and what is missing may come.
    pub(crate) async fn get(
        &self,
        key: String,
        ask: impl Future<Output = Result<ServiceResponse, ConnectorError>>,
    ) -> Result<ServiceResponse, ConnectorError> {
        let asked = async {
            match ask.await {
                Ok(answer) if answer.status == 200 => Ok(Arc::new(answer)),
                Ok(answer) => Err(Unkept::Answer(answer)),
                Err(error) => Err(Unkept::Error(error)),
            }
        };
        match self.0.try_get_with(key, asked).await {
            Ok(answer) => Ok(answer.as_ref().clone()),
            Err(unkept) => match unkept.as_ref().clone() {
                Unkept::Answer(answer) => Ok(answer),
                Unkept::Error(error) => Err(error),
            },
        }
    }
}
