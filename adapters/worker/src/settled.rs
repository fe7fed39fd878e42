//! Waiting for promises. wasm-bindgen's own `JsFuture` makes two closures for each promise and registers them with a
//! finalizer, which costs more than everything else a request does here; this has one closure for all promises.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use js_sys::Promise;
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};

use crate::js;

type Outcome = Result<JsValue, JsValue>;

thread_local! {
    /// By the promises' numbers. What has been dropped is not in it.
    static WAITING: RefCell<BTreeMap<u32, Waiting>> = const { RefCell::new(BTreeMap::new()) };
    static NEXT: Cell<u32> = const { Cell::new(0) };
    static SETTLE: js_sys::Function =
        Closure::<dyn Fn(u32, bool, JsValue)>::new(settle).into_js_value().unchecked_into();
}

enum Waiting {
    For(Option<Waker>),
    Settled(Outcome),
}

/// What a promise becomes. Dropping it does not end what the promise stands for.
#[derive(Debug)]
pub(crate) struct Settled {
    number: u32,
}

impl From<Promise> for Settled {
    fn from(promise: Promise) -> Self {
        Self::when(|number, settle| js::follow(&promise, number, settle)).0
    }
}

impl Settled {
    /// What `arrange` sees to: that the function it is given is called with the number it is given, `true`, and a value.
    pub(crate) fn when<T>(arrange: impl FnOnce(u32, &js_sys::Function) -> T) -> (Self, T) {
        let number = NEXT.with(|next| next.replace(next.get().wrapping_add(1)));
        WAITING.with_borrow_mut(|waiting| waiting.insert(number, Waiting::For(None)));
        let arranged = SETTLE.with(|settle| arrange(number, settle));
        (Self { number }, arranged)
    }
}

/// Called by JavaScript.
fn settle(number: u32, is_fulfilled: bool, value: JsValue) {
    let outcome = if is_fulfilled { Ok(value) } else { Err(value) };
    let waker = WAITING.with_borrow_mut(|waiting| {
        let entry = waiting.get_mut(&number)?;
        match core::mem::replace(entry, Waiting::Settled(outcome)) {
            Waiting::For(waker) => waker,
            Waiting::Settled(_) => None,
        }
    });
    // Outside of the borrow: whoever is woken may be polled at once.
    if let Some(waker) = waker {
        waker.wake();
    }
}

impl Future for Settled {
    type Output = Outcome;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Outcome> {
        WAITING.with_borrow_mut(|waiting| match waiting.remove(&self.number) {
            Some(Waiting::Settled(outcome)) => Poll::Ready(outcome),
            _ => {
                waiting.insert(self.number, Waiting::For(Some(cx.waker().clone())));
                Poll::Pending
            }
        })
    }
}

impl Drop for Settled {
    fn drop(&mut self) {
        let left = WAITING.with_borrow_mut(|waiting| waiting.remove(&self.number));
        drop(left);
    }
}
