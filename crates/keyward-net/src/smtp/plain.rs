//! The part of a conversation that comes before STARTTLS.

use std::{
    io,
    net::SocketAddr,
    pin::Pin,
    task::{Context, Poll, ready},
};

use lettre::transport::smtp::client::AsyncTokioStream;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
};

/// A connection that is read line by line.
///
/// lettre reads through a buffer that outlives STARTTLS. Whoever sits in between could put answers into it, behind
/// the one to STARTTLS, that would later pass for the encrypted server's. This way there is never more in it than
/// the answer that is waited for, which ends with a line; what comes too early meets the handshake, and breaks it.
#[derive(Debug)]
pub(super) struct Plain(pub(super) TcpStream);

/// Longest piece that is read. Longer lines come in several.
const AT_A_TIME: usize = 1024;

impl AsyncTokioStream for Plain {
    fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.0.peer_addr()
    }
}

impl AsyncRead for Plain {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let mut bytes = [0; AT_A_TIME];
        let most = buffer.remaining().min(AT_A_TIME);
        // A look first: what is behind the line stays with the system.
        let mut there = ReadBuf::new(&mut bytes[..most]);
        ready!(self.0.poll_peek(context, &mut there))?;
        let line = there.filled().iter().position(|byte| *byte == b'\n');
        let wanted = line.map_or(there.filled().len(), |end| end + 1);
        let mut read = ReadBuf::new(&mut bytes[..wanted]);
        ready!(Pin::new(&mut self.0).poll_read(context, &mut read))?;
        buffer.put_slice(read.filled());
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Plain {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use tokio::{
        io::{AsyncReadExt as _, AsyncWriteExt as _},
        net::TcpListener,
    };

    use super::*;

    #[tokio::test]
    async fn no_read_goes_beyond_the_end_of_a_line_and_none_is_lost() {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("bound");
        let stream = TcpStream::connect(listener.local_addr().expect("bound")).await.expect("connected");
        let (mut server, _) = listener.accept().await.expect("accepted");
        let long = "x".repeat(AT_A_TIME + 7);
        let lines = [format!("250-a\r\n250 b\r\n{long}\r\n"), "\n\nend without one".to_owned()].concat();
        server.write_all(lines.as_bytes()).await.expect("written");
        server.shutdown().await.expect("ended");

        let (mut plain, mut pieces) = (Plain(stream), Vec::new());
        loop {
            let mut piece = [0; 4096];
            match plain.read(&mut piece).await.expect("read") {
                0 => break,
                count => pieces.push(String::from_utf8(piece[..count].to_vec()).expect("text")),
            }
        }
        assert_eq!(pieces.concat(), lines);
        for piece in &pieces {
            assert!(!piece.trim_end_matches('\n').contains('\n') && !piece.ends_with("\n\n"), "{piece:?}");
        }
        assert_eq!(pieces.first().map(String::as_str), Some("250-a\r\n"));
    }
}
