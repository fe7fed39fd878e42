use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_util::Stream;
use js_sys::Uint8Array;
use llmio_core::platform::{BodyError, NativeBody};
use wasm_bindgen::JsCast;
use worker::send::{SendFuture, SendWrapper};

use crate::js::{self, JsSource};
use crate::settled::Settled;

/// The body of a client's request or of a provider's answer. Dropping it before its end cancels the exchange.
#[derive(Debug)]
pub(crate) struct SourceBody {
    source: SendWrapper<JsSource>,
    reading: Option<SendFuture<Settled>>,
    is_over: bool,
}

impl SourceBody {
    pub(crate) fn new(source: JsSource) -> Self {
        Self { is_over: source.is_over(), source: SendWrapper::new(source), reading: None }
    }

    /// What is left of it, in its own form.
    pub(crate) fn source(&self) -> &JsSource {
        &self.source
    }

    /// Others see to its end from now on.
    pub(crate) fn release(&mut self) {
        self.is_over = true;
    }
}

impl NativeBody for SourceBody {}

impl Stream for SourceBody {
    type Item = Result<Bytes, BodyError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            if self.is_over {
                return Poll::Ready(None);
            }
            if self.reading.is_none() {
                let (read, ()) = Settled::when(|number, settle| self.source.read(number, settle));
                self.reading = Some(SendFuture::new(read));
            }
            let Some(reading) = &mut self.reading else { continue };
            let Poll::Ready(read) = Pin::new(reading).poll(cx) else {
                return Poll::Pending;
            };
            self.reading = None;
            match read {
                Ok(chunk) => {
                    self.is_over = self.source.is_over();
                    if let Ok(chunk) = chunk.dyn_into::<Uint8Array>()
                        && chunk.length() > 0
                    {
                        return Poll::Ready(Some(Ok(chunk.to_vec().into())));
                    }
                }
                Err(error) => {
                    self.is_over = true;
                    return Poll::Ready(Some(Err(BodyError::Broken(js::message(&error)))));
                }
            }
        }
    }
}

impl Drop for SourceBody {
    fn drop(&mut self) {
        if !self.is_over {
            self.source.abort();
        }
    }
}
