// A `Signal` stream of grpc-java or okhttp: each line of standard input is a message in Base64, and so is each line of
// output. The last line is "status N". Usage: SignalClient netty|grpc-okhttp|okhttp HOST PORT

import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import java.io.BufferedReader;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import okhttp3.MediaType;
import okhttp3.OkHttpClient;
import okhttp3.Protocol;
import okhttp3.Request;
import okhttp3.RequestBody;
import okhttp3.Response;
import okio.BufferedSink;
import okio.BufferedSource;

public final class SignalClient {
  private static final String PATH = "wigwag.v1.SignalingService/Signal";

  public static void main(String[] args) throws Exception {
    String host = args[1];
    int port = Integer.parseInt(args[2]);
    switch (args[0]) {
      case "netty" ->
          signal(io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder.forAddress(host, port).usePlaintext().build());
      case "grpc-okhttp" ->
          signal(io.grpc.okhttp.OkHttpChannelBuilder.forAddress(host, port).usePlaintext().build());
      case "okhttp" -> post(host, port);
      default -> throw new IllegalArgumentException(args[0]);
    }
    System.exit(0);
  }

  private static synchronized void print(String line) {
    System.out.println(line);
    System.out.flush();
  }

  private static void print(byte[] message) {
    print(Base64.getEncoder().encodeToString(message));
  }

  /** Messages are bytes: the test encodes and decodes them. */
  private static final class Bytes implements MethodDescriptor.Marshaller<byte[]> {
    @Override
    public InputStream stream(byte[] message) {
      return new ByteArrayInputStream(message);
    }

    @Override
    public byte[] parse(InputStream stream) {
      try {
        return stream.readAllBytes();
      } catch (IOException error) {
        throw new UncheckedIOException(error);
      }
    }
  }

  private static void signal(ManagedChannel channel) throws Exception {
    MethodDescriptor<byte[], byte[]> method =
        MethodDescriptor.newBuilder(new Bytes(), new Bytes())
            .setType(MethodDescriptor.MethodType.BIDI_STREAMING)
            .setFullMethodName(PATH)
            .build();
    ClientCall<byte[], byte[]> call = channel.newCall(method, CallOptions.DEFAULT);
    CompletableFuture<Status> closed = new CompletableFuture<>();
    call.start(
        new ClientCall.Listener<>() {
          @Override
          public void onMessage(byte[] message) {
            print(message);
            call.request(1);
          }

          @Override
          public void onClose(Status status, Metadata trailers) {
            closed.complete(status);
          }
        },
        new Metadata());
    call.request(1);
    BufferedReader lines = new BufferedReader(new InputStreamReader(System.in));
    for (String line = lines.readLine(); line != null; line = lines.readLine()) {
      call.sendMessage(Base64.getDecoder().decode(line));
    }
    call.halfClose();
    print("status " + closed.get().getCode().value());
  }

  /** A gRPC call made of HTTP/2 alone: a request whose body goes on while its response is read. */
  private static void post(String host, int port) throws Exception {
    OkHttpClient client =
        new OkHttpClient.Builder()
            .protocols(List.of(Protocol.H2_PRIOR_KNOWLEDGE))
            .readTimeout(Duration.ZERO)
            .build();
    CompletableFuture<BufferedSink> body = new CompletableFuture<>();
    RequestBody duplex =
        new RequestBody() {
          @Override
          public MediaType contentType() {
            return MediaType.get("application/grpc");
          }

          @Override
          public boolean isDuplex() {
            return true;
          }

          @Override
          public void writeTo(BufferedSink sink) {
            body.complete(sink);
          }
        };
    Request request =
        new Request.Builder().url("http://" + host + ":" + port + "/" + PATH).header("te", "trailers").post(duplex).build();
    try (Response response = client.newCall(request).execute()) {
      Thread sending = new Thread(() -> send(body.join()));
      sending.setDaemon(true);
      sending.start();
      BufferedSource source = response.body().source();
      while (!source.exhausted()) {
        source.skip(1);
        print(source.readByteArray(source.readInt()));
      }
      print("status " + response.trailers().get("grpc-status"));
    }
  }

  private static void send(BufferedSink sink) {
    try (sink;
        BufferedReader lines = new BufferedReader(new InputStreamReader(System.in))) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        byte[] message = Base64.getDecoder().decode(line);
        sink.writeByte(0).writeInt(message.length).write(message).flush();
      }
    } catch (IOException error) {
      // The stream has ended; its status says why.
    }
  }
}
