//! A socket that whoever waits for an answer drives, on the thread that waits.
//!
//! The writer's thread and the readers' may be a runtime's, where no other runtime can run. A thread of the
//! socket's own would be woken, and wake the asker, at each answer: a fifth of what a hub did.

use std::{
    io,
    os::fd::OwnedFd,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    task::{Context, Poll, Wake, Waker},
    time::{Duration, Instant},
};

use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    io::{Errno, retry_on_intr},
    net::{RecvFlags, SendFlags, Shutdown, recv, send, shutdown},
};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Read at once at most, since the room for it is made zero before.
const READ_MAX: usize = 16_384;

/// One half: what speaks reads and writes here. Dropped with the other, it is closed.
pub(super) struct Socket(Arc<Shared>);

/// The other half: what waits.
pub(super) struct Watch {
    shared: Arc<Shared>,
    waker: Waker,
}

struct Shared {
    fd: OwnedFd,
    /// There may be something to read.
    readable: AtomicBool,
    /// It takes nothing more for now.
    full: AtomicBool,
    /// Somebody can go on, without anything from the other side.
    woken: AtomicBool,
}

/// Both halves of a connected socket that does not block.
pub(super) fn halves(fd: OwnedFd) -> (Socket, Watch) {
    let [readable, full, woken] = [true, false, false].map(AtomicBool::new);
    let shared = Arc::new(Shared { fd, readable, full, woken });
    (Socket(shared.clone()), Watch { waker: shared.clone().into(), shared })
}

impl Wake for Shared {
    fn wake(self: Arc<Self>) {
        self.woken.store(true, Relaxed);
    }
}

impl Watch {
    /// Takes steps until they come to an end, and waits for the other side where none can be taken; `None`
    /// when it has said nothing more within `bound`.
    pub(super) fn run<T>(
        &self,
        bound: Option<Duration>,
        mut step: impl FnMut(&mut Context<'_>) -> Poll<T>,
    ) -> Option<T> {
        let since = Instant::now();
        loop {
            if let Poll::Ready(done) = step(&mut Context::from_waker(&self.waker)) {
                return Some(done);
            }
            if self.shared.woken.swap(false, Relaxed) {
                continue;
            }
            let left = bound.map(|bound| bound.saturating_sub(since.elapsed()));
            if left.is_some_and(|left| left.is_zero()) {
                return None;
            }
            self.shared.wait(left).ok()?;
        }
    }

    /// One step, after a look at what the other side may have said.
    pub(super) fn once<T>(&self, step: impl FnOnce(&mut Context<'_>) -> T) -> T {
        self.shared.readable.store(true, Relaxed);
        step(&mut Context::from_waker(&self.waker))
    }
}

impl Shared {
    fn wait(&self, long: Option<Duration>) -> Result<(), Errno> {
        let is_full = self.full.load(Relaxed);
        let wants = if is_full { PollFlags::IN | PollFlags::OUT } else { PollFlags::IN };
        let long = long.and_then(|long| Timespec::try_from(long).ok());
        let mut ends = [PollFd::new(&self.fd, wants)];
        match poll(&mut ends, long.as_ref()) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => return Err(error),
        }
        let came = ends[0].revents();
        self.full.store(is_full && !came.contains(PollFlags::OUT), Relaxed);
        self.readable.store(came.intersects(!PollFlags::OUT), Relaxed);
        Ok(())
    }
}

impl AsyncRead for Socket {
    fn poll_read(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let Shared { fd, readable, .. } = &*self.0;
        if !readable.load(Relaxed) {
            return Poll::Pending;
        }
        let room = bytes.initialize_unfilled_to(bytes.remaining().min(READ_MAX));
        match retry_on_intr(|| recv(fd, &mut *room, RecvFlags::empty())) {
            Ok((count, _)) => {
                // An end is read again and again; of less than there was room for, that was all.
                readable.store(count == 0 || count == room.len(), Relaxed);
                bytes.advance(count);
                Poll::Ready(Ok(()))
            }
            Err(Errno::AGAIN) => {
                readable.store(false, Relaxed);
                Poll::Pending
            }
            Err(error) => Poll::Ready(Err(error.into())),
        }
    }
}

impl AsyncWrite for Socket {
    fn poll_write(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let Shared { fd, full, .. } = &*self.0;
        match retry_on_intr(|| send(fd, bytes, SendFlags::NOSIGNAL)) {
            Ok(count) => Poll::Ready(Ok(count)),
            Err(Errno::AGAIN) => {
                full.store(true, Relaxed);
                Poll::Pending
            }
            Err(error) => Poll::Ready(Err(error.into())),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(shutdown(&self.0.fd, Shutdown::Write).map_err(Into::into))
    }
}

#[cfg(test)]
mod tests {
    use std::{
        io::{Read as _, Write as _},
        os::unix::net::UnixStream,
        thread,
    };

    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;

    /// Both halves of this side, and the other side.
    fn pair() -> (Socket, Watch, UnixStream) {
        let (ours, other) = UnixStream::pair().unwrap();
        ours.set_nonblocking(true).unwrap();
        let (socket, watch) = halves(ours.into());
        (socket, watch, other)
    }

    fn run<T>(
        watch: &Watch,
        bound: Option<Duration>,
        future: impl Future<Output = T>,
    ) -> Option<T> {
        let mut future = std::pin::pin!(future);
        watch.run(bound, |context| future.as_mut().poll(context))
    }

    #[test]
    fn silence_has_an_end_and_what_comes_late_is_heard() {
        let (mut socket, watch, mut other) = pair();
        let mut said = [0; 5];
        let bound = Some(Duration::from_millis(20));
        assert!(run(&watch, bound, socket.read_exact(&mut said)).is_none());
        let speaker = thread::spawn(move || other.write_all(b"moikka"));
        run(&watch, None, socket.read_exact(&mut said)).unwrap().unwrap();
        assert_eq!(&said, b"moikk");
        speaker.join().unwrap().unwrap();
        let mut rest = Vec::new();
        run(&watch, None, socket.read_to_end(&mut rest)).unwrap().unwrap();
        assert_eq!(rest, b"a", "and then its end");
    }

    #[test]
    fn more_than_the_other_side_takes_at_once_arrives_whole() {
        let (mut socket, watch, mut other) = pair();
        let said = vec![7; 1 << 22];
        let listener = thread::spawn(move || {
            let mut heard = Vec::new();
            other.read_to_end(&mut heard).map(|_| heard)
        });
        run(&watch, None, socket.write_all(&said)).unwrap().unwrap();
        drop((socket, watch));
        assert_eq!(listener.join().unwrap().unwrap(), said);
    }
}
