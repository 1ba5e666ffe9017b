// Java's own HttpClient: a login, and the datastores of a workspace.
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

public class Datastores {
  static final HttpClient CLIENT = HttpClient.newHttpClient();
  static final Map<String, String> ENV = System.getenv();

  static String ask(HttpRequest request) throws Exception {
    var answer = CLIENT.send(request, BodyHandlers.ofString());
    if (answer.statusCode() >= 300) throw new RuntimeException(answer.statusCode() + " " + answer.body());
    return answer.body();
  }

  static String find(String pattern, String text) {
    var found = Pattern.compile(pattern).matcher(text);
    if (!found.find()) throw new RuntimeException("no " + pattern + " in " + text);
    return found.group(1);
  }

  public static void main(String[] words) throws Exception {
    var form = Map.of("grant_type", "client_credentials", "client_id", ENV.get("AZURE_CLIENT_ID"),
        "client_secret", ENV.get("AZURE_CLIENT_SECRET"), "scope", "https://management.azure.com/.default");
    var encoded = form.entrySet().stream()
        .map(e -> e.getKey() + "=" + URLEncoder.encode(e.getValue(), StandardCharsets.UTF_8))
        .collect(Collectors.joining("&"));
    var login = "https://login.microsoftonline.com/" + ENV.get("AZURE_TENANT_ID") + "/oauth2/v2.0/token";
    var token = find("\"access_token\"\\s*:\\s*\"([^\"]+)\"", ask(HttpRequest.newBuilder(URI.create(login))
        .header("Content-Type", "application/x-www-form-urlencoded")
        .POST(BodyPublishers.ofString(encoded)).build()));
    var workspace = "https://management.azure.com/subscriptions/" + ENV.get("AZURE_SUBSCRIPTION_ID")
        + "/resourceGroups/" + ENV.get("AZURE_RESOURCE_GROUP")
        + "/providers/Microsoft.MachineLearningServices/workspaces/" + ENV.get("AZML_WORKSPACE");
    var put = HttpRequest.newBuilder(URI.create(workspace + "/environments/java/versions/1?api-version=2024-04-01"))
        .header("Authorization", "Bearer " + token).header("Content-Type", "application/json")
        .PUT(BodyPublishers.ofString("{\"properties\":{\"image\":\"mcr.microsoft.com/x\"}}")).build();
    System.out.println(find("\"image\"\\s*:\\s*\"([^\"]+)\"", ask(put)));
    var get = HttpRequest.newBuilder(URI.create(workspace + "/datastores?api-version=2024-04-01"))
        .header("Authorization", "Bearer " + token).build();
    System.out.println(Pattern.compile("\"name\"").matcher(ask(get)).results().count() > 0 ? "datastores" : "none");
  }
}
