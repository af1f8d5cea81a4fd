import java.nio.ByteBuffer;
import java.util.*;
import org.apache.kafka.clients.consumer.*;
import org.apache.kafka.clients.consumer.ConsumerPartitionAssignor.*;
import org.apache.kafka.common.*;
public class JavaAssignors {
  static Random r = new Random(848);
  static String q(String s) { return "\"" + s + "\""; }
  static String list(Collection<TopicPartition> c, boolean sort) {
    List<TopicPartition> l = new ArrayList<>(c);
    if (sort) l.sort(Comparator.comparing(TopicPartition::topic).thenComparing(TopicPartition::partition));
    StringJoiner j = new StringJoiner(",", "[", "]");
    for (TopicPartition t : l) j.add(q(t.topic() + "-" + t.partition()));
    return j.toString();
  }
  static class M { String id, instance, rack; List<String> topics; List<TopicPartition> owned = new ArrayList<>(); int gen = -1; boolean has = false; }
  public static void main(String[] a) throws Exception {
    int lines = 0;
    while (lines < Integer.parseInt(a[0])) {
      String kind = new String[] {"sticky", "cooperative-sticky", "cooperative-sticky", "sticky", "range"}[r.nextInt(5)];
      boolean racks = r.nextInt(3) == 0 || kind.equals("range");
      boolean equal = r.nextBoolean();
      int nt = 1 + r.nextInt(5), nm = 1 + r.nextInt(r.nextInt(6) == 0 ? 16 : 6);
      Map<String, List<List<String>>> topics = new LinkedHashMap<>();
      for (int t = 0; t < nt; t++) topics.put("t" + (char) ('a' + r.nextInt(26)) + t, layout(racks, r.nextInt(9)));
      List<String> names = new ArrayList<>(topics.keySet());
      List<M> ms = new ArrayList<>();
      for (int i = 0; i < nm; i++) ms.add(member(i, names, equal, racks));
      int rounds = 1 + r.nextInt(4), gen = 1;
      for (int k = 0; k < rounds && lines < Integer.parseInt(a[0]); k++) {
        Map<String, List<TopicPartition>> got = assign(kind, topics, ms, gen);
        if (got == null) break;
        System.out.println(line(kind, topics, ms, got)); lines++;
        for (M m : ms) { if (r.nextInt(12) != 0) { m.owned = new ArrayList<>(got.get(m.id)); m.gen = gen; m.has = true; } }
        gen++;
        switch (r.nextInt(6)) {
          case 0: ms.remove(r.nextInt(ms.size())); break;
          case 1: case 2: ms.add(member(ms.size() + 50 * k, names, equal, racks)); break;
          case 3: { String n = names.get(r.nextInt(names.size())); topics.get(n).addAll(layout(racks, 1 + r.nextInt(3))); break; }
          case 4: if (!equal) { M m = ms.get(r.nextInt(ms.size())); m.topics = pick(names); } break;
          default: if (r.nextInt(3) == 0 && ms.size() > 1) { M x = ms.get(r.nextInt(ms.size())), y = ms.get(r.nextInt(ms.size())); if (x != y && y.has && !x.owned.isEmpty()) y.owned.add(x.owned.get(0)); }
        }
        if (ms.isEmpty()) break;
        Collections.shuffle(ms, r);
      }
    }
  }
  static List<String> pick(List<String> names) { List<String> l = new ArrayList<>(); for (String n : names) if (r.nextInt(3) != 0) l.add(n); return l; }
  static List<List<String>> layout(boolean racks, int n) {
    List<List<String>> l = new ArrayList<>();
    int width = 1 + r.nextInt(2);
    for (int i = 0; i < n; i++) { List<String> x = new ArrayList<>(); if (racks) for (int k = 0; k < width; k++) { String c = "r" + r.nextInt(3); if (!x.contains(c)) x.add(c); } l.add(x); }
    return l;
  }
  static M member(int i, List<String> names, boolean equal, boolean racks) {
    M m = new M(); m.id = "m" + Integer.toHexString(r.nextInt(4096)) + "-" + i; m.instance = r.nextInt(5) == 0 ? "i" + r.nextInt(100) + "-" + i : null;
    m.rack = racks && r.nextInt(6) != 0 ? "r" + r.nextInt(4) : null;
    m.topics = equal ? names : pick(names); return m;
  }
  static Map<String, List<TopicPartition>> assign(String kind, Map<String, List<List<String>>> topics, List<M> ms, int gen) throws Exception {
    ConsumerPartitionAssignor as = kind.equals("sticky") ? new StickyAssignor() : kind.equals("range") ? new RangeAssignor() : new CooperativeStickyAssignor();
    Map<String, Subscription> subs = new HashMap<>();
    for (M m : ms) {
      ByteBuffer data = null;
      if (kind.equals("sticky") && m.has) {
        StickyAssignor s = new StickyAssignor();
        s.onAssignment(new Assignment(m.owned), new ConsumerGroupMetadata("g", m.gen, m.id, Optional.empty()));
        data = s.subscriptionUserData(new HashSet<>(m.topics));
      }
      boolean coop = kind.startsWith("coop");
      Subscription s = new Subscription(m.topics, data, coop ? m.owned : Collections.emptyList(), coop ? m.gen : -1, Optional.ofNullable(m.rack));
      s.setGroupInstanceId(Optional.ofNullable(m.instance));
      subs.put(m.id, s);
    }
    List<PartitionInfo> infos = new ArrayList<>();
    Map<String, Node> nodes = new HashMap<>();
    for (Map.Entry<String, List<List<String>>> e : topics.entrySet())
      for (int p = 0; p < e.getValue().size(); p++) {
        List<Node> rep = new ArrayList<>();
        for (String k : e.getValue().get(p)) rep.add(nodes.computeIfAbsent(k, x -> new Node(nodes.size(), "h", 9, x)));
        Node[] arr = rep.toArray(new Node[0]);
        infos.add(new PartitionInfo(e.getKey(), p, arr.length == 0 ? Node.noNode() : arr[0], arr, arr));
      }
    Cluster c = new Cluster("c", new ArrayList<>(nodes.values()), infos, Collections.emptySet(), Collections.emptySet());
    Map<String, List<TopicPartition>> out = new HashMap<>();
    try {
      as.assign(c, new GroupSubscription(subs)).groupAssignment().forEach((k, v) -> out.put(k, v.partitions()));
    } catch (RuntimeException e) { System.err.println(kind + ": " + e); return null; }
    return out;
  }
  static String line(String kind, Map<String, List<List<String>>> topics, List<M> ms, Map<String, List<TopicPartition>> got) {
    StringJoiner t = new StringJoiner(",", "{", "}"), m = new StringJoiner(",", "[", "]"), o = new StringJoiner(",", "{", "}");
    topics.forEach((n, ps) -> { StringJoiner p = new StringJoiner(",", "[", "]"); for (List<String> x : ps) { StringJoiner y = new StringJoiner(",", "[", "]"); for (String s : x) y.add(q(s)); p.add(y.toString()); } t.add(q(n) + ":" + p); });
    for (M x : ms) {
      StringJoiner n = new StringJoiner(",", "[", "]"); for (String s : x.topics) n.add(q(s));
      String s = "{\"id\":" + q(x.id) + ",\"topics\":" + n;
      if (x.instance != null) s += ",\"groupInstanceId\":" + q(x.instance);
      if (x.rack != null) s += ",\"rack\":" + q(x.rack);
      if (x.has) s += ",\"owned\":" + list(x.owned, false) + ",\"generation\":" + x.gen;
      m.add(s + "}");
      o.add(q(x.id) + ":" + list(got.get(x.id), true));
    }
    return "{\"assignor\":" + q(kind) + ",\"partitions\":" + t + ",\"members\":" + m + ",\"assignment\":" + o + "}";
  }
}
