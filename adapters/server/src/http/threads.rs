use std::io;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use tokio::runtime::{Builder, Handle};
use tokio_util::sync::CancellationToken;

/// The threads that serve clients, each with a runtime of its own: nothing of a connection ever moves to another core, and no
/// other core is woken for it. Dropping it ends them, with whatever still runs there.
#[derive(Debug)]
pub(crate) struct Threads {
    threads: Vec<Thread>,
}

#[derive(Debug)]
struct Thread {
    runtime: Handle,
    load: Load,
    end: CancellationToken,
    thread: Option<thread::JoinHandle<()>>,
}

/// What a thread has to do: its connections, and the exchanges on them.
#[derive(Clone, Debug, Default)]
pub(super) struct Load(Arc<AtomicUsize>);

/// Counts as load until it is dropped.
#[derive(Debug)]
pub(super) struct Burden(Load);

impl Threads {
    pub(crate) fn start(number: NonZeroUsize) -> io::Result<Self> {
        let mut threads = Vec::with_capacity(number.get());
        for index in 0..number.get() {
            threads.push(Thread::start(index)?);
        }
        Ok(Self { threads })
    }

    /// No thread: the current runtime serves.
    #[cfg(test)]
    pub(super) fn here() -> Self {
        let (runtime, load, end) = (Handle::current(), Load::default(), CancellationToken::new());
        Self { threads: vec![Thread { runtime, load, end, thread: None }] }
    }

    /// Who has the least to do, whom it counts for from now on.
    pub(super) fn least_loaded(&self) -> Option<(&Handle, Burden)> {
        let thread = self.threads.iter().min_by_key(|thread| thread.load.now())?;
        Some((&thread.runtime, thread.load.one_more()))
    }
}

impl Thread {
    fn start(index: usize) -> io::Result<Self> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let end = CancellationToken::new();
        let (handle, ended) = (runtime.handle().clone(), end.clone());
        let name = format!("llmio-serve-{index}");
        let thread = thread::Builder::new().name(name).spawn(move || runtime.block_on(ended.cancelled()))?;
        Ok(Self { runtime: handle, load: Load::default(), end, thread: Some(thread) })
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        self.threads.iter().for_each(|thread| thread.end.cancel());
        for thread in self.threads.iter_mut().filter_map(|thread| thread.thread.take()) {
            let _ = thread.join();
        }
    }
}

impl Load {
    pub(super) fn one_more(&self) -> Burden {
        self.0.fetch_add(1, Ordering::Relaxed);
        Burden(self.clone())
    }

    fn now(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

impl Burden {
    pub(super) fn load(&self) -> &Load {
        &self.0
    }
}

impl Drop for Burden {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_has_less_to_do_gets_the_next() {
        let threads = Threads::start(NonZeroUsize::new(3).unwrap()).unwrap();
        let loads = || threads.threads.iter().map(|thread| thread.load.now()).collect::<Vec<_>>();
        let mut burdens: Vec<_> = (0..7).map(|_| threads.least_loaded().unwrap().1).collect();
        assert_eq!(loads(), [3, 2, 2]);
        burdens.truncate(4);
        assert_eq!(loads(), [2, 1, 1]);
        // Exchanges count, too.
        let exchanges: Vec<_> = (0..5).map(|_| burdens[1].load().one_more()).collect();
        assert_eq!(loads(), [2, 6, 1]);
        burdens.extend((0..3).map(|_| threads.least_loaded().unwrap().1));
        assert_eq!(loads(), [3, 6, 3]);
        drop((burdens, exchanges));
        assert_eq!(loads(), [0, 0, 0]);
    }

    #[tokio::test]
    async fn each_has_a_runtime_on_a_thread_of_its_own() {
        let threads = Threads::start(NonZeroUsize::new(2).unwrap()).unwrap();
        for (index, thread) in threads.threads.iter().enumerate() {
            let name = thread.runtime.spawn(async { thread::current().name().map(str::to_owned) }).await.unwrap();
            assert_eq!(name, Some(format!("llmio-serve-{index}")));
        }
    }
}
