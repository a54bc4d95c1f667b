// What Java programs do every day; each part prints what it saw.
import java.io.*;
import java.net.*;
import java.nio.*;
import java.nio.channels.*;
import java.nio.file.*;
import java.nio.file.attribute.*;
import java.util.*;
import java.util.concurrent.*;
import java.util.concurrent.atomic.*;

public class Everyday {
  static void files() throws Exception {
    Path directory = Files.createTempDirectory("java");
    Path file = directory.resolve("file");
    Files.writeString(file, "text");
    Files.writeString(file, "more", StandardOpenOption.APPEND);
    System.out.println(Files.readString(file) + Files.size(file));
    Files.move(file, directory.resolve("moved"), StandardCopyOption.ATOMIC_MOVE);
    Files.copy(directory.resolve("moved"), file);
    Files.setLastModifiedTime(file, FileTime.fromMillis(1000));
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
    Files.createSymbolicLink(directory.resolve("link"), file);
    Files.createLink(directory.resolve("hard"), file);
    System.out.println(Files.isWritable(file) + " " + new File(file.toString()).canWrite());
    try (var names = Files.list(directory)) {
      System.out.println(names.map(p -> p.getFileName().toString()).sorted().toList());
    }
    try (var all = Files.walk(directory)) {
      all.sorted(Comparator.reverseOrder()).forEach(p -> p.toFile().delete());
    }
    System.out.println(Files.exists(directory));
  }
  static void channels() throws Exception {
    try (var channel = FileChannel.open(Path.of("map"), StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
      MappedByteBuffer map = channel.map(FileChannel.MapMode.READ_WRITE, 0, 8192);
      map.putInt(4096, 42);
      map.force();
      System.out.println(channel.lock().isValid() + " " + channel.size());
      channel.truncate(4100);
    }
    try (var file = new RandomAccessFile("map", "rw")) {
      file.seek(4096);
      System.out.println(file.readInt());
    }
  }
  static void sockets() throws Exception {
    for (String host : new String[] {"127.0.0.1", "localhost", "::1"}) {
      try (var server = new ServerSocket(0, 5, InetAddress.getByName(host))) {
        var peer = CompletableFuture.runAsync(() -> {
          try (var socket = new Socket(server.getInetAddress(), server.getLocalPort())) {
            socket.getOutputStream().write("hello".getBytes());
          } catch (IOException e) { throw new UncheckedIOException(e); }
        });
        try (var socket = server.accept()) { System.out.println(new String(socket.getInputStream().readAllBytes())); }
        peer.get();
      }
    }
    try (var server = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      server.bind(UnixDomainSocketAddress.of("unix"));
      try (var client = SocketChannel.open(UnixDomainSocketAddress.of("unix")); var accepted = server.accept()) {
        client.write(ByteBuffer.wrap("unix".getBytes()));
        ByteBuffer buffer = ByteBuffer.allocate(4);
        accepted.read(buffer);
        System.out.println(new String(buffer.array()));
      }
    }
    Files.delete(Path.of("unix"));
  }
  static void datagrams() throws Exception {
    try (var a = new DatagramSocket(0, InetAddress.getLoopbackAddress()); var b = new DatagramSocket()) {
      b.send(new DatagramPacket("packet".getBytes(), 6, a.getLocalSocketAddress()));
      var packet = new DatagramPacket(new byte[10], 10);
      a.receive(packet);
      System.out.println(new String(packet.getData(), 0, packet.getLength()));
    }
  }
  static void names() throws Exception {
    System.out.println(InetAddress.getByName("127.0.0.1") + " " + InetAddress.getByName("localhost").isLoopbackAddress());
    System.out.println(NetworkInterface.getByName("lo").isLoopback());
  }
  static void processes() throws Exception {
    var builder = new ProcessBuilder("sh", "-c", "cat; echo $A; exit 4").redirectErrorStream(true);
    builder.environment().clear();
    builder.environment().put("A", "b");
    var process = builder.start();
    process.getOutputStream().write("in\n".getBytes());
    process.getOutputStream().close();
    System.out.print(new String(process.getInputStream().readAllBytes()));
    System.out.println(process.waitFor());
    try { new ProcessBuilder("/missing").start(); } catch (IOException e) { System.out.println(e.getMessage()); }
  }
  static void threads() throws Exception {
    var pool = Executors.newFixedThreadPool(200);
    var sum = new AtomicInteger();
    for (int i = 0; i < 1000; i++) {
      int n = i;
      pool.submit(() -> { Files.writeString(Path.of("t" + n), "x".repeat(n)); sum.addAndGet((int) Files.size(Path.of("t" + n))); Files.delete(Path.of("t" + n)); return 0; });
    }
    pool.shutdown();
    System.out.println(pool.awaitTermination(60, TimeUnit.SECONDS) + " " + sum);
  }
  static void errors() throws Exception {
    for (String path : new String[] {"missing/file", "/proc/x", "/", "/dev/full"}) {
      try { Files.writeString(Path.of(path), "x"); } catch (IOException e) { System.out.println(e); }
    }
    try (var s = new Socket("127.0.0.1", 1)) { System.out.println("connected"); } catch (IOException e) { System.out.println(e.getMessage()); }
  }
  public static void main(String[] arguments) throws Exception {
    Everyday.class.getDeclaredMethod(arguments[0]).invoke(null);
  }
}
