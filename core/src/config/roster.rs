use super::records::Config;

/// All providers and associations, switched on or not, as far as an overview of them needs it.
#[derive(Debug, Default)]
pub struct Roster {
    pub providers: Vec<ListedProvider>,
    /// In the order of the models and of the associations in them.
    pub associations: Vec<ListedAssociation>,
}

#[derive(Debug)]
pub struct ListedProvider {
    pub id: String,
    pub name: String,
    pub enabled: bool,
}

#[derive(Debug)]
pub struct ListedAssociation {
    pub id: String,
    pub model_id: String,
    /// The model's configured name or pattern.
    pub model: String,
    pub provider_id: String,
    pub provider_model: String,
    pub weight: u32,
    pub priority: i32,
    /// Whether its model has a breaker.
    pub breaker: bool,
    /// It is switched on, and so are its provider and its model.
    pub enabled: bool,
}

impl Roster {
    pub(super) fn of(config: &Config) -> Self {
        let providers = config.providers.iter().map(|provider| ListedProvider {
            id: provider.id.clone(),
            name: provider.name.clone(),
            enabled: provider.enabled,
        });
        let providers: Vec<_> = providers.collect();
        let pairs = config.models.iter().flat_map(|model| model.associations.iter().map(move |it| (model, it)));
        let associations = pairs.map(|(model, association)| {
            let provider = providers.iter().find(|provider| provider.id == association.provider_id);
            ListedAssociation {
                id: association.id.clone(),
                model_id: model.id.clone(),
                model: model.name.clone(),
                provider_id: association.provider_id.clone(),
                provider_model: association.provider_model.clone(),
                weight: association.weight,
                priority: association.priority,
                breaker: model.breaker,
                enabled: association.enabled && model.enabled && provider.is_some_and(|it| it.enabled),
            }
        });
        Self { associations: associations.collect(), providers }
    }
}
