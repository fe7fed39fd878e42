//! Queues of next behaviours, by what a request looks like.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use crate::Behaviour;

/// Which requests a queue answers: all that agree with every field that is set.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct When {
    /// Part of the path.
    pub path: Option<String>,
    /// The credential that the request carries.
    pub key: Option<String>,
    pub model: Option<String>,
    /// Part of the body, which tells requests of one client apart.
    pub body_contains: Option<String>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Script {
    #[serde(default)]
    pub when: When,
    /// Each answers one request.
    pub steps: Vec<Behaviour>,
    /// Whether the last step answers all further requests too.
    #[serde(default)]
    pub repeat_last: bool,
}

/// What a queue is matched against.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Subject<'a> {
    pub(crate) path: &'a str,
    pub(crate) key: &'a str,
    pub(crate) model: &'a str,
    pub(crate) body: &'a [u8],
}

/// All queues, in the order they were added. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct Scripts {
    queues: Arc<Mutex<Vec<Queue>>>,
}

#[derive(Debug)]
struct Queue {
    when: When,
    steps: VecDeque<Behaviour>,
    repeat_last: bool,
}

impl Scripts {
    pub fn add(&self, script: Script) {
        let Script { when, steps, repeat_last } = script;
        self.lock().push(Queue { when, steps: steps.into(), repeat_last });
    }

    pub fn clear(&self) {
        self.lock().clear();
    }

    /// The next step of the first matching queue that has one.
    pub(crate) fn next(&self, subject: Subject<'_>) -> Option<Behaviour> {
        let mut queues = self.lock();
        let queue = queues.iter_mut().find(|queue| !queue.steps.is_empty() && queue.when.matches(subject))?;
        if queue.repeat_last && queue.steps.len() == 1 { queue.steps.front().cloned() } else { queue.steps.pop_front() }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Queue>> {
        self.queues.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl When {
    fn matches(&self, subject: Subject<'_>) -> bool {
        let agrees = |wanted: &Option<String>, seen: &str| wanted.as_deref().is_none_or(|wanted| wanted == seen);
        self.path.as_deref().is_none_or(|part| subject.path.contains(part))
            && agrees(&self.key, subject.key)
            && agrees(&self.model, subject.model)
            && self
                .body_contains
                .as_deref()
                .is_none_or(|part| memchr::memmem::find(subject.body, part.as_bytes()).is_some())
    }
}
