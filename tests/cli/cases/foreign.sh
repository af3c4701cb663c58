# SPDX-License-Identifier: Apache-2.0
# Commands of other programs are answered with octet's.
. "$support"
try predict
try predict model=yolov8n.pt source=bus.jpg conf=0.25 imgsz=640
try detect predict model=yolov8n.onnx 'source=my photos' 'imgsz=[384,640]' save_txt=True save=False device=0
try detect model=a.onnx source=x conf=0.4 iou=0.5 'classes=[0, 2]' show=True agnostic_nms=True save_json=False
try export model=x.pt format=engine half=True int8=True data=coco8.yaml
try export model=x.onnx format=engine half=True
try export model=runs/train/weights/best.onnx format=engine
try val model=x.onnx data=coco8.yaml split=test imgsz=640 conf=0.001
try train data=coco8.yaml model=yolov8n.pt epochs=100
try track model=a.onnx source=v.mp4
try benchmark model=yolov8n.onnx imgsz=640 half=False
try mode=predict model=a.onnx source=b
try predict model=a.onnx source=b rect=True imgsz=640
try val model=a.onnx data=d.yaml rect=False
try yolo detect predict model=a.onnx source=b show_labels=False line_width=2
try segment predict model=a-seg.onnx source=b
try trtexec --onnx=x.onnx --int8 --calib=x.cache --saveEngine=x.engine
try trtexec --onnx=x.onnx --fp16 --saveEngine=out/x.plan
try --onnx=x.onnx --int8 --saveEngine=x.engine
try trtexec --onnx=x.onnx
try trtexec --loadEngine=x.engine
try detect --source photos --weights yolov5s.pt --conf-thres 0.3 --iou-thres 0.45 --img 640 --nosave --view-img
try detect --weights a.onnx --source p --project runs --name day1 --exist-ok --classes 0 2 --save-txt --save-conf --hide-conf
try detect m.onnx photos --half --device 0
try eval m.onnx --img-size 640 --data d.yaml --batch-size 8
try build m.onnx --int8 --data "it's.yaml"
echo "files that are called so are files:"
echo text >model=x
try detect model=x model=x
try detect m.onnx -o name=x
try detect -- source=x source=y
echo "verbs that others do not have:"
try calibrate m.onnx --data d.yaml
try calibrate model=m.onnx
try predict model=a.pt source=rtsp://user:secret@host/x
