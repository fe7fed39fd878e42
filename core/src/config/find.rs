use super::{Association, ClientKey, Config, Model, Provider};

impl Config {
    pub fn provider(&self, id: &str) -> Option<&Provider> {
        self.providers.iter().find(|provider| provider.id == id)
    }

    pub fn provider_named(&self, name: &str) -> Option<&Provider> {
        self.providers.iter().find(|provider| provider.name == name)
    }

    pub fn model(&self, id: &str) -> Option<&Model> {
        self.models.iter().find(|model| model.id == id)
    }

    pub fn association(&self, id: &str) -> Option<(&Model, &Association)> {
        self.associations().find(|(_, association)| association.id == id)
    }

    /// All associations, each with its model.
    pub fn associations(&self) -> impl Iterator<Item = (&Model, &Association)> {
        self.models.iter().flat_map(|model| model.associations.iter().map(move |association| (model, association)))
    }

    pub fn key(&self, id: &str) -> Option<&ClientKey> {
        self.keys.iter().find(|key| key.id == id)
    }

    /// Removes a provider with its associations, and with the setting that names it.
    pub fn remove_provider(&mut self, id: &str) -> Option<Provider> {
        let index = self.providers.iter().position(|provider| provider.id == id)?;
        let removed = self.providers.remove(index);
        for model in &mut self.models {
            model.associations.retain(|association| association.provider_id != id);
        }
        if self.settings.counting_provider.as_deref() == Some(removed.name.as_str()) {
            self.settings.counting_provider = None;
        }
        Some(removed)
    }
}

impl Association {
    /// The value it sets for a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }
}
