/* Chinese. The left side is what the views say in English, word for word; {} is a part that varies. */

/** @type {Object<string, string>} */
export const ZH = {
  /* counting */
  "{} node": "{} 个节点", "{} nodes": "{} 个节点", "{} message": "{} 条消息", "{} messages": "{} 条消息", "{} link": "{} 条链路", "{} links": "{} 条链路",
  "{} vote": "{} 票", "{} votes": "{} 票", "{} item": "{} 项", "{} items": "{} 项", "{} keys": "{} 个键", "{} term": "{} 个任期", "{} terms": "{} 个任期",
  "{} ballot": "{} 个提案编号", "{} ballots": "{} 个提案编号", "{} transaction": "{} 个事务", "{} transactions": "{} 个事务",
  "{} operation": "{} 个操作", "{} operations": "{} 个操作", "and {} more": "另有 {} 个",
  "{} s": "{} 秒", "{} ms": "{} 毫秒", "seed {}": "种子 {}", "{} of {}": "{1} / {2}",

  /* the header */
  "{}: the run, moment by moment. {}": "{}：逐时刻查看运行过程。{}",
  "{} leads": "{} 是领导者", "{} leads term {}": "{} 是任期 {} 的领导者", "{} leaders! {}": "出现 {} 个领导者！{}", "{} in term {}": "{}（任期 {}）",
  "{} candidates": "{} 个候选者", "{} stands for election": "{} 参加选举", "{} stand for election": "{} 参加选举", "no leader": "没有领导者",
  "{} crashed": "{} 个已崩溃", "{} cut off": "{} 个被隔离", "split: {}": "网络分区：{}", "{} link cut": "{} 条链路已切断", "{} links cut": "{} 条链路已切断", "{} paused": "{} 已暂停", "{} raised an error": "{} 发生错误",
  "Violated here": "此处违反性质", "Violated at {}": "在 {} 违反性质", "Show": "查看", "shown": "正在显示",

  /* the player */
  "Player": "播放器", "Play": "播放", "Pause": "暂停", "Play (Space)": "播放（空格键）", "Pause (Space)": "暂停（空格键）", "Speed": "速度", "Time": "时间",
  "Virtual seconds in one real second": "现实中一秒所对应的虚拟秒数", "now": "现在", "end": "结尾", "Go to now (L)": "跳到现在（L）", "Go to the end (End)": "跳到结尾（End）",
  "Previous change (P)": "上一处变化（P）", "Step back (←)": "后退一步（←）", "Step forward (→)": "前进一步（→）",
  "Next change: leader, fault, error, violation (N)": "下一处变化：领导者、故障、错误、违反性质（N）",
  "Bookmarks, and a link to this moment (B)": "书签，以及指向此刻的链接（B）", "Keys (?)": "按键（?）", "Keys": "按键",
  "Space plays and pauses, the arrow keys step, N and P jump to the next and previous change, Home and End go to the start and to now. The question mark shows all keys.":
    "空格键播放或暂停，方向键单步移动，N 和 P 跳到下一处和上一处变化，Home 和 End 跳到开头和现在。按问号显示全部按键。",
  "Nothing more to jump to": "后面没有可跳转的位置", "Nothing earlier to jump to": "前面没有可跳转的位置", "Nothing was done: {}.": "未执行任何操作：{}。",
  "this is a recording": "这是录像", "go to now first": "请先跳到现在",
  "The kernel does not answer: it is busy, or gone. What was recorded can still be played.": "内核没有响应：可能正忙，或已关闭。已录制的内容仍可播放。",

  /* stepping */
  "What the arrows step by": "方向键每步移动的单位", "Step by": "步进单位", "events": "事件", "messages": "消息", "notable changes": "重要变化", "violations": "违反性质之处", "bookmarks": "书签",
  "Messages of type": "某类消息", "Changes of": "某属性的变化", "messages {} → {}": "消息 {} → {}", "any moment": "任意时刻",
  "play, pause": "播放、暂停", "step forward (with Shift: to the next notable change)": "前进一步（加 Shift：到下一处重要变化）", "step back (with Shift: to the one before)": "后退一步（加 Shift：到上一处）",
  "step by events": "按事件步进", "step by messages": "按消息步进", "next notable change: leader, fault, error, violation": "下一处重要变化：领导者、故障、错误、违反性质",
  "the one before": "上一处", "next violation (with Shift: the one before)": "下一处违反性质（加 Shift：上一处）", "bookmarks: name this moment, or go to one": "书签：为此刻命名，或跳到书签",
  "next bookmark": "下一个书签", "the bookmark before": "上一个书签", "the start": "开头", "now, or the end": "现在，或结尾", "faster": "加快", "slower": "减慢",
  "the next run, where there are several": "下一个运行（有多个时）", "the faults: to the buttons of what was chosen": "故障：跳到所选对象的按钮", "these keys": "显示按键",
  "close, let go of what was chosen": "关闭，取消选择", "Space": "空格",

  /* bookmarks, copying */
  "Bookmarks": "书签", "Bookmark: {}": "书签：{}", "Name of this moment": "此刻的名称", "Keep": "保存", "Keep this moment (Enter)": "保存此刻（Enter）", "Bookmark kept": "书签已保存",
  "Go to this moment": "跳到此刻", "Forget {}": "删除 {}", "Link to this moment": "指向此刻的链接", "Copy the link": "复制链接", "No bookmark after this moment": "此刻之后没有书签",
  "No bookmark before this moment": "此刻之前没有书签", "There is no bookmark: B makes one": "还没有书签：按 B 添加", "Copy": "复制", "Copied": "已复制", "Selected: press Ctrl+C": "已选中：请按 Ctrl+C",
  "Close (Esc)": "关闭（Esc）",

  /* faults */
  "Faults": "故障", "Partition": "分区", "Split": "分开", "Cancel": "取消", "Heal": "恢复", "Apply": "应用", "All links": "所有链路",
  "Split the network: choose the nodes of one side, or draw a line across the picture": "分割网络：选择一侧的节点，或在图上画一条线", "Split the network so": "这样分割网络",
  "Keep the network whole (Esc)": "不分割网络（Esc）", "Join the network again": "重新连通网络", "Click the nodes of one side": "请点击一侧的节点", "draw between nodes": "在节点之间画线",
  "Loss, delay and the like for every link": "对所有链路设置丢失、延迟等", "{} fault as Python": "{} 个故障的 Python 代码", "{} faults as Python": "{} 个故障的 Python 代码",
  "What was done to this run, as Python to paste": "对此运行所做的操作，可粘贴的 Python 代码", "What was done, as Python": "所做的操作（Python）",
  "Give it to a cluster of the same code and seed, and all of it happens again: Cluster(…, faults=faults)": "把它交给代码和种子相同的集群，一切会重新发生：Cluster(…, faults=faults)",
  "Here, in the past, whatever you do begins another run": "这里是过去，您的任何操作都会开始另一个运行", "This is the past: what you do here begins another run": "这是过去：在这里的操作会开始另一个运行",
  "Crash": "崩溃", "Restart": "重启", "Resume": "继续", "Cut off": "隔离", "Start {} again": "重新启动 {}", "Stop {}: it loses all but its disk": "停止 {}：除磁盘外全部丢失",
  "Crash {} and start it again": "使 {} 崩溃并重新启动", "Let {} go on": "让 {} 继续运行", "Stop {} as a garbage collection does: what comes waits": "像垃圾回收那样暂停 {}：到达的消息会等待",
  "A partition with {} alone on one side": "将 {} 单独分到一侧", "A link of {}": "{} 的链路", "Link…": "链路…", "to {}": "到 {}", "Direction": "方向", "More": "更多", "More faults": "更多故障",
  "Cut": "切断", "Mend": "修复", "Clog": "堵塞", "Release": "放行", "Lose every message": "丢失所有消息", "Let messages through again": "恢复消息通行", "Hold every message, and lose none": "扣留所有消息，但不丢失",
  "Let all that waits arrive": "让等待的消息全部到达", "Deliver now": "立即送达", "Drop": "丢弃", "Duplicate": "复制一份", "Delay by": "延迟", "Let it arrive before all others": "让它先于其他消息到达",
  "Lose it": "使它丢失", "A copy arrives with it": "再送达一份副本", "Let it arrive later": "让它晚些到达", "Seconds of delay": "延迟秒数",
  "Slow": "变慢", "Make slow": "使其变慢", "seconds for each event": "每个事件的秒数", "0: as quick as the others": "0：与其他节点一样快", "Clock": "时钟", "Change the clock": "调整时钟", "from what it shows": "从当前显示值起",
  "jump by seconds": "跳变秒数", "drift (0.01: gains 1%)": "漂移（0.01：快 1%）", "Clock, set": "时钟（设定）", "Set the clock": "设定时钟", "offset in seconds": "偏移秒数", "rate (1: true)": "速率（1：准确）",
  "Disk": "磁盘", "Set the disk": "设置磁盘", "what is left empty stays as it is": "留空则保持不变", "seconds for a sync": "同步所需秒数", "full": "已满", "yes": "是", "no": "否",
  "after a crash, unsynced writes": "崩溃后未同步的写入", "prefix": "保留前缀", "subset": "保留子集", "none": "全部丢失", "writes lost": "写入丢失", "torn by a crash": "崩溃时写入撕裂", "misdirected": "写错位置",
  "rotten at boot": "启动时数据损坏", "Link": "链路", "Set the link": "设置链路", "shares from 0 to 1; what is left empty stays as it is": "比例从 0 到 1；留空则保持不变", "loss": "丢失", "delay in seconds": "延迟秒数",
  "duplicated": "重复", "reordered": "乱序", "corrupted": "损坏", "as it is": "保持不变",

  /* runs side by side */
  "Runs": "运行", "the first run": "第一个运行", "run {}": "运行 {}", "From {} of {}: {}": "自{2}的 {1}：{3}", "The run of the cluster itself": "集群本身的运行", "Compare": "比较", "Compared": "比较中",
  "Beside the run that is shown: {}": "与所示运行并排：{}", "the other run": "另一个运行", "this run": "此运行", "The cluster in {}": "{}中的集群", "No difference": "没有差异",
  "They differ from event {} on, at {}": "从第 {} 个事件（{}）起不同", "both runs are the same so far": "两个运行到目前为止相同", "left: {} · right: {}": "左：{} · 右：{}", "Go to the first difference": "跳到第一处差异",
  "End comparison": "结束比较", "Show one run alone": "只显示一个运行", "the run ends at {}": "运行在 {} 结束", "at {} s": "在 {} 秒",

  /* the inspector */
  "Details": "详情", "Nothing has happened yet": "还没有发生任何事", "This trace is empty.": "此轨迹为空。",
  "Press play, or run the cluster in a cell: cluster.run(5).": "按播放键，或在单元格中运行集群：cluster.run(5)。",
  "Click a node to see it whole, or to crash it, a link or a message in flight to trouble it. Draw a line across the picture to split the network.":
    "点击节点可查看其全部状态或使其崩溃；点击链路或传输中的消息可施加故障。在图上画一条线可分割网络。",
  "At {} s": "在 {} 秒", "event {} of {}": "第 {} 个事件，共 {} 个", "a timer is set": "设置了一个定时器", "crashed": "已崩溃", "not started": "未启动", "paused": "已暂停", "up": "运行中", "error": "错误", "timers": "定时器",
  "on disk": "磁盘内容", "clock": "时钟", "slow": "变慢", "{} s for each event": "每个事件 {} 秒", "disk is set": "磁盘设置", "last note": "最近的注释", "set to": "设置为", "like the rest": "与其他链路相同",
  "{} in {} s": "{1}（{2} 秒后）", "sent": "发送", "arrives": "将到达", "arrived": "已到达", "lost": "丢失", "waits": "等待", "waited": "曾等待", "planned": "预计", "a copy": "副本", "made by the network": "由网络产生", "after {} s": "历时 {} 秒",
  "Next message {} → {}": "下一条消息 {} → {}", "Next on {} → {}": "{} → {} 的下一条", "Step by the messages of this link": "按此链路的消息步进", "The link": "链路", "What can be done to {} – {}": "可对 {} – {} 施加的操作",
  "Go to its sending": "跳到发送时刻", "Go to its loss": "跳到丢失时刻", "Go to its arrival": "跳到到达时刻", "{} from {}": "来自 {2} 的 {1}", "{} to {}": "发往 {2} 的 {1}",
  "To the next change of {} of {} (with Shift: the one before)": "到 {2} 的 {1} 的下一处变化（加 Shift：上一处）",

  "To the next change of {}; then the arrows step by its changes": "到 {} 的下一处变化；之后方向键按其变化步进", "timer": "定时器",

  /* events */
  "{} starts": "{} 启动", "{} restarts": "{} 重启", "sends {} to {}": "向 {2} 发送 {1}", "{} sends {} to {}": "{1} 向 {3} 发送 {2}", "the network copies {} for {}": "网络为 {2} 复制了 {1}",
  "{} receives {} from {}": "{1} 收到来自 {3} 的 {2}", "{} from {} to {} is lost: {}": "{2} 发往 {3} 的 {1} 丢失：{4}", "{} from {} to {} waits: {}": "{2} 发往 {3} 的 {1} 等待：{4}",
  "{} is altered on its way to {}: {}": "{1} 在发往 {2} 的途中被篡改：{3}", "{}'s timer {} fires": "{} 的定时器 {} 触发", "writes {} to disk": "将 {} 写入磁盘", "on {}'s disk, {} {}": "{} 的磁盘上，{} {}",
  "takes the rare path {}": "进入罕见路径 {}", "notes “{}”": "注释：“{}”", "{} fails: {}": "{} 出错：{}", "{} crashes": "{} 崩溃", "{} pauses": "{} 暂停", "{} goes on": "{} 继续运行",
  "{} takes {} s for each event": "{} 处理每个事件需 {} 秒", "{} is no longer slow": "{} 不再变慢", "{}'s disk is set: {}": "设置 {} 的磁盘：{}", "the network splits: {}": "网络分区：{}",
  "the network splits one way: {}": "网络单向分区：{}", "the network heals": "网络恢复", "the link {} – {} is set: {}": "设置链路 {} – {}：{}", "{}'s clock is set: {}": "设置 {} 的时钟：{}",
  "{} asks {} for {}": "{} 向 {} 请求 {}", "{} gets {}": "{} 得到 {}", "{} does not know the outcome: {}": "{} 不知道结果：{}", "{} becomes {}": "{} 成为 {}", "any": "任意",
  "the network lost it": "网络丢失", "the partition stopped it": "被分区阻断", "the link is cut": "链路已切断", "the receiver was not running": "接收者未运行", "its checksum did not match": "校验和不符", "the link's queue was full": "链路队列已满",
  "the node is paused": "节点已暂停", "the node is busy": "节点正忙", "the node waits for its disk": "节点在等待磁盘", "the link is clogged": "链路堵塞",
  "was half written": "只写了一半", "was never written": "从未写入", "was overwritten by another value": "被另一个值覆盖", "has changed by itself": "自行改变",

  /* the frame and the legend */
  "Views": "视图", "Choose what is shown": "选择显示内容", "Remove this view: {}": "移除此视图：{}", "changed in this step": "本步有变化", "{} more messages in flight are not drawn": "另有 {} 条传输中的消息未画出",
  "in flight": "传输中", "partition": "分区", "Show a longer time": "显示更长时间", "Show a shorter time": "显示更短时间",

  /* the cluster, the table, the diagram */
  "Cluster": "集群", "The cluster": "集群", "State of every node": "各节点状态", "Space-time diagram": "时空图",
  "Space-time diagram: one line for each node, one arrow for each message": "时空图：每个节点一条线，每条消息一个箭头",
  "{} sent so far among {}": "{2}之间已发送 {1}", "{}, {} crashed, {} in flight": "{}，{} 个已崩溃，{}传输中", "node": "节点", "status": "状态", "by role": "按角色", "by {}": "按 {}", "{}, not started": "{}，未启动",

  /* logs, elections, ballots */
  "Replicated logs": "复制日志", "index": "索引", "ends at {}": "止于 {}", "{}'s log ends at {}": "{} 的日志止于 {}", "index {}": "索引 {}", "term {}": "任期 {}", "committed": "已提交", "applied": "已应用", "stored": "已存储", "only stored": "仅存储",
  "No node has a log yet: a public attribute `log`, a list of entries. Run the cluster on, or say which attribute it is: `drawn = {\"log\": \"my_log\"}`.":
    "还没有节点拥有日志，即公开属性 `log`（条目列表）。请继续运行集群，或指明属性：`drawn = {\"log\": \"my_log\"}`。",
  "Number: the entry's term · dashed: only stored · {} · ≠ and slanted: not what {} has at this index": "数字：条目的任期 · 虚线：仅存储 · {} · ≠ 与斜体：与 {} 在此索引处不同",
  "✓ committed · ✓✓ applied": "✓ 已提交 · ✓✓ 已应用", "solid: committed · with a bar: applied": "实线：已提交 · 带横条：已应用", "{}, the leader,": "领导者 {}",
  "commit {}": "提交 {}", "{} entry": "{} 个条目", "{} entries": "{} 个条目", "{} committed": "{} 个已提交", "differs": "不同", "differs from the log of {}": "与 {} 的日志不同", "differs from {} from index {}": "自索引 {2} 起与 {1} 不同", "(none)": "（空）", "No node has a log yet": "还没有节点拥有日志",
  "Elections by term": "各任期的选举", "{} won": "{} 当选", "{}: {} winners!": "{}：{} 个当选者！", "to come": "尚未发生", "no winner": "无人当选", "♛ won · ▲ stood for election · → voted for · ‼ a second vote in one term, or a second winner": "♛ 当选 · ▲ 参选 · → 投票给 · ‼ 同一任期重复投票或出现第二个当选者",
  "No election yet: no node has a public attribute `term` above 0 with a `role` or `voted_for`. Run the cluster on, or name yours: `drawn = {\"vote\": \"my_vote\"}`.":
    "还没有选举：没有节点的公开属性 `term` 大于 0 且带有 `role` 或 `voted_for`。请继续运行集群，或指明属性：`drawn = {\"vote\": \"my_vote\"}`。",
  "Go to term {}: {}": "跳到任期 {}：{}", "{} won term {} with {}": "{} 以 {3} 赢得任期 {2}", "{} voted {} times in term {}": "{1} 在任期 {3} 投了 {2} 次票", "{} stood in term {}: {}, its own included": "{} 在任期 {} 参选：{}，含自己的一票",
  "{} voted for {} in term {}, at {}": "{1} 在任期 {3} 投票给 {2}（{4}）", "{} term so far": "至今 {} 个任期", "{} terms so far": "至今 {} 个任期", "{} ballot so far": "至今 {} 个提案编号", "{} ballots so far": "至今 {} 个提案编号", "{} transaction so far": "至今 {} 个事务", "{} transactions so far": "至今 {} 个事务", "{} operation so far": "至今 {} 个操作", "{} operations so far": "至今 {} 个操作", "votes {} for {}": "得票 {}→{}", "{} for {}": "{}→{}",
  "No election yet": "还没有选举", "No ballot yet": "还没有提案", "No transaction yet": "还没有事务", "No client has asked for anything yet": "还没有客户端发出请求",
  "Ballots": "提案编号", "ballot": "提案编号", "No ballot yet: no node has a public attribute `promised` or `accepted_n` that is set. Run the cluster on, or name yours: `drawn = {\"promised\": \"my_promise\"}`.":
    "还没有提案：没有节点设置了公开属性 `promised` 或 `accepted_n`。请继续运行集群，或指明属性：`drawn = {\"promised\": \"my_promise\"}`。",
  "○ promised, “had 3”: it had accepted ballot 3 and said so · ● accepted · ✓ chosen: accepted by a majority ({} of {})": "○ 已承诺，“had 3”：此前已接受编号 3 并告知 · ● 已接受 · ✓ 已选定：被多数派（{2} 中的 {1}）接受",
  "ballot {}": "编号 {}", "by ?": "提出者未知", "Go to ballot {}": "跳到编号 {}", "Two different values were chosen!": "选定了两个不同的值！", "{} accepted ballot {}: {}, at {}": "{} 接受编号 {}：{}（{}）", "{} promised ballot {} at {}": "{} 在 {3} 承诺编号 {2}",

  /* data: convergence, ring, load, rates, rumours */
  "Convergence of replicas": "副本的收敛", "Hash ring and keys": "哈希环与键", "Load of every server": "各服务器的负载", "Load of every server over time": "各服务器负载随时间的变化",
  "Message rates and latencies": "消息速率与延迟", "Spread of a rumour": "流言的传播", "Attribute": "属性", "Rumour": "流言", "What": "内容", "Latencies": "延迟", "Latency": "延迟", "Latency of flights": "传输延迟", "Latency of operations": "操作延迟",
  "Different values over time": "不同取值随时间的变化", "Messages sent, by type": "已发送消息，按类型", "all know": "全部知晓", "idle": "空闲", "{} served": "已服务 {} 个", "{} so far": "至今 {}", "flights": "传输", "operations": "操作", "values": "取值",
  "all agree": "全部一致", "{}: all agree": "{}：全部一致", "All {} replicas agree on {}": "全部 {} 个副本的 {} 一致", "since {} s": "自 {} 秒起", "message {}": "消息 {}", "round {}": "第 {} 轮", "different; at most {}": "不同；至多 {}",
  "{} learnt it at {} s from {}": "{1} 于 {2} 秒从 {3} 得知", "{} messages lost so far": "至今丢失 {} 条消息", "{} messages so far": "至今 {} 条消息",

  /* commitment, history */
  "Atomic commitment": "原子提交", "transaction": "事务", "What every node knows of each transaction": "各节点对每个事务的了解", "One transaction along time": "单个事务随时间的过程", "‼ commit and abort": "‼ 既提交又中止",
  "✓ commit": "✓ 提交", "✗ abort": "✗ 中止", "✓ commit, not all know": "✓ 提交，并非全部知晓", "✗ abort, not all know": "✗ 中止，并非全部知晓", "? undecided": "? 未决",
  "No transaction yet: no node has a public attribute that says yes, commit or abort of one, such as `log = {1: \"yes\"}` or `decision = {1: \"commit\"}`. Run the cluster on.":
    "还没有事务：没有节点的公开属性对某事务给出 yes、commit 或 abort，例如 `log = {1: \"yes\"}` 或 `decision = {1: \"commit\"}`。请继续运行集群。",
  "… collects votes, a tick for each that comes · ? voted yes, in doubt: can neither commit nor abort · ◐ ready to commit · ✓ commit · ✗ abort · × crashed":
    "… 收集投票，每到一票一个刻度 · ? 已投赞成票，存疑：既不能提交也不能中止 · ◐ 准备提交 · ✓ 提交 · ✗ 中止 · × 已崩溃",
  "History of the clients": "客户端历史", "The operations of the clients": "客户端的操作", "‹ operation": "‹ 操作", "operation ›": "操作 ›", "Go to the operation before": "跳到上一个操作", "Go to the next operation": "跳到下一个操作",
  "{} operation so far: {}.": "至今 {} 个操作：{}。", "{} operations so far: {}.": "至今 {} 个操作：{}。", "Give a verdict to see where each takes effect: {}": "提供判定即可查看每个操作的生效时刻：{}",
  "Go to the operation that has no place": "跳到无法安放的操作", "No client has asked for anything yet: `cluster.client(\"c1\").call(\"n1\", request)` makes an operation.": "还没有客户端发出请求：`cluster.client(\"c1\").call(\"n1\", request)` 产生一个操作。",
};
