#[cfg(test)]
mod tests {
    #[test]
    fn clients_are_told() {
        assert_eq!(std::env::var("HF_HUB_OFFLINE").as_deref(), Ok("1"));
    }

    #[test]
    fn leaks() {
        let _ = std::net::TcpStream::connect("192.0.2.1:443");
    }
}
