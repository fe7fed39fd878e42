use futures_util::StreamExt;
use futures_util::stream;

use super::list_models;
use crate::config::{Config, Provider};
use crate::platform::{Clock, HttpClient};

/// So many providers are asked at once.
const AT_ONCE: usize = 8;

/// Whether a provider can be reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reach {
    /// The provider's name.
    pub provider: String,
    /// How many models it lists, or in words why it does not.
    pub models: Result<usize, String>,
    /// Names that associations use and the provider does not list. Some providers list only a part of what they serve,
    /// so this is worth a look and no failure.
    pub unlisted: Vec<String>,
}

/// Asks every provider for its models, and answers in the providers' order.
pub async fn reach(http: &dyn HttpClient, clock: &dyn Clock, config: &Config) -> Vec<Reach> {
    stream::iter(&config.providers).map(|provider| one(http, clock, config, provider)).buffered(AT_ONCE).collect().await
}

async fn one(http: &dyn HttpClient, clock: &dyn Clock, config: &Config, provider: &Provider) -> Reach {
    let listed = list_models(http, clock, provider).await;
    let mut unlisted: Vec<String> = config
        .associations()
        .map(|(_, association)| association)
        .filter(|association| association.provider_id == provider.id && association.provider_model != "*")
        .map(|association| association.provider_model.clone())
        .filter(|name| listed.as_ref().is_ok_and(|listed| !listed.iter().any(|model| model.name == *name)))
        .collect();
    unlisted.sort();
    unlisted.dedup();
    Reach {
        provider: provider.name.clone(),
        models: listed.map(|models| models.len()).map_err(|error| error.message),
        unlisted,
    }
}
