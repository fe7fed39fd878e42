use std::sync::Arc;

use bytes::Bytes;
use http::HeaderMap;

use super::call::Call;
use super::plan::Plan;
use crate::config::snapshot::Route;
use crate::dialect::{Dialect, RequestHead, StreamForm};
use crate::record::Operation;
use crate::shared::Shared;

/// Which part of the requests a candidate would get that are in its own dialect and need no capability.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Shares {
    pub(crate) association_id: String,
    pub(crate) now: f64,
    /// If nobody rested.
    pub(crate) nominal: f64,
}

/// What a plan would give to each of a route's candidates. It changes nothing.
pub(crate) fn shares(shared: &Shared, route: &Arc<Route>) -> Vec<Shares> {
    let none = |id: &String| Shares { association_id: id.clone(), now: 0.0, nominal: 0.0 };
    let mut shares: Vec<_> = route.candidates.iter().map(|it| none(&it.association_id)).collect();
    for dialect in Dialect::ALL {
        if !route.candidates.iter().any(|it| it.upstream.kind.dialect() == dialect) {
            continue;
        }
        let call = plain_call(dialect, route.name.clone(), true);
        let plan = Plan::new(shared, &call, route, None);
        let (now, nominal) = (plan.weigh_now(shared), plan.weigh(&vec![None; route.candidates.len()]));
        let weighed = route.candidates.iter().zip(now.shares()).zip(nominal.shares());
        for (share, ((candidate, now), nominal)) in shares.iter_mut().zip(weighed) {
            if candidate.upstream.kind.dialect() == dialect {
                (share.now, share.nominal) = (now, nominal);
            }
        }
    }
    shares
}

/// A request that needs nothing and belongs to no conversation.
pub(super) fn plain_call(dialect: Dialect, model: String, stream: bool) -> Call {
    Call {
        dialect,
        operation: Operation::Generate,
        headers: HeaderMap::new(),
        query: None,
        body: Bytes::new(),
        head: RequestHead { model: Some(model.clone()), stream, ..RequestHead::default() },
        model,
        stream,
        form: StreamForm::Sse,
        strict: false,
        conversation: None,
    }
}
