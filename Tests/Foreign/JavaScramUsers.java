import java.util.*;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.*;

/** Kafka's own admin client sets SCRAM users at BOOTSTRAP, as scram_users.py does with others. */
public class JavaScramUsers {
    static UserScramCredentialUpsertion upsertion(String user, ScramMechanism mechanism, int iterations) {
        return new UserScramCredentialUpsertion(user, new ScramCredentialInfo(mechanism, iterations), "pencil of " + user);
    }

    static String outcome(org.apache.kafka.common.KafkaFuture<?> future) throws Exception {
        try {
            future.get();
            return "";
        } catch (ExecutionException error) {
            return error.getCause().getClass().getSimpleName() + ": " + error.getCause().getMessage();
        }
    }

    static void equal(Object found, Object wanted) {
        if (!found.equals(wanted)) throw new AssertionError(found + ", and not " + wanted);
    }

    public static void main(String[] arguments) throws Exception {
        var sha256 = ScramMechanism.SCRAM_SHA_256;
        var sha512 = ScramMechanism.SCRAM_SHA_512;
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", (Object) System.getenv("BOOTSTRAP")))) {
            var told = admin.alterUserScramCredentials(List.of(
                upsertion("ann", sha256, 4096), upsertion("bob", sha512, 5000), upsertion("cid", sha256, 4096),
                upsertion("few", sha256, 4095), upsertion("many", sha512, 16385))).values();
            equal(outcome(told.get("ann")) + outcome(told.get("bob")) + outcome(told.get("cid")), "");
            equal(outcome(told.get("few")), "UnacceptableCredentialException: Too few iterations");
            equal(outcome(told.get("many")), "UnacceptableCredentialException: Too many iterations");
            equal(outcome(admin.alterUserScramCredentials(List.of(upsertion("ann", sha512, 8192))).all()), "");
            // One user twice in one request: KRaft refuses both.
            var twice = admin.alterUserScramCredentials(List.of(upsertion("ann", sha256, 5000), new UserScramCredentialDeletion("ann", sha512))).all();
            equal(outcome(twice), "DuplicateResourceException: A user credential cannot be altered twice in the same request");
            var deleted = admin.alterUserScramCredentials(List.of(
                new UserScramCredentialDeletion("cid", sha256), new UserScramCredentialDeletion("bob", sha256))).values();
            equal(outcome(deleted.get("cid")), "");
            equal(outcome(deleted.get("bob")), "ResourceNotFoundException: Attempt to delete a user credential that does not exist");
            var found = new TreeMap<String, Object>();
            for (var entry : admin.describeUserScramCredentials().all().get().entrySet()) {
                found.put(entry.getKey(), entry.getValue().credentialInfos());
            }
            equal(found, new TreeMap<>(Map.of(
                "ann", List.of(new ScramCredentialInfo(sha256, 4096), new ScramCredentialInfo(sha512, 8192)),
                "bob", List.of(new ScramCredentialInfo(sha512, 5000)))));
            var named = admin.describeUserScramCredentials(List.of("bob", "cid"));
            equal(named.users().get(), List.of("bob"));
            equal(outcome(named.description("cid")), "ResourceNotFoundException: Attempt to describe a user credential that does not exist: cid");
        }
    }
}
